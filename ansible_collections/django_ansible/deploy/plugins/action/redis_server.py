# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.plugin_utils.announced import Announced
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered


class ActionModule(Announced, Answered):
    pass
