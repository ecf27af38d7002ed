# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The arguments that the modules of role mode share; documented in doc_fragments/layout.py."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.layout import Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.lock import DeployLock

LAYOUT = {
    "app_name": {"type": "str", "required": True},
    "app_dir": {"type": "path", "required": True},
    "app_user": {"type": "str", "required": True},
    "app_group": {"type": "str", "required": True},
    "socket_link": {"type": "path", "required": True},
    "run_id": {"type": "str", "default": ""},
    "actor": {"type": "str", "default": ""},
}

APPLICATION = {
    "app_path": {"type": "str", "default": "."},
    "environment": {"type": "str", "default": "{}", "no_log": True},
}


def layout_of(params: dict) -> Layout:
    return Layout(params["app_name"], params["app_dir"], params["socket_link"])


def lock_of(params: dict, check_mode: bool) -> DeployLock:
    """The lock under which a module works; none in check mode, which changes nothing."""
    return DeployLock(params["app_name"], "" if check_mode else params["run_id"], params["actor"])
