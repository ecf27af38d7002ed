# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of compose_run: looks the answers through, and shows what the command prints as it comes."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.followed import Followed


class ActionModule(Followed):
    program = ()
