# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule

__all__ = ["ActionModule"]
