# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of app_activate: looks the answer through, and shows what the host told, and which migration it applies meanwhile."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.progress import ActionModule

__all__ = ["ActionModule"]
