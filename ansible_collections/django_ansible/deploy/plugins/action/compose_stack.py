# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of compose_stack: looks the answer through, and says whose deploy lock is waited for."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.waiting import Waiting


class ActionModule(Waiting, Answered):
    pass
