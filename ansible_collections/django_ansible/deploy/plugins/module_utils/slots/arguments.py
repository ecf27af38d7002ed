# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The arguments that the modules of role mode share; documented in doc_fragments/layout.py."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import BAKE
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

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
    "credentials": {"type": "list", "elements": "str", "default": []},
    "last_environment": {"type": "bool", "default": False},
    "sandbox": {"type": "str", "default": ""},
}

# Of what may have to make a database on another host.
MAKER = {"maker_password": {"type": "str", "default": "", "no_log": True}}

COMMAND = {
    "name": {"type": "str", "required": True},
    "command": {"type": "str", "required": True},
    "environment": {"type": "str", "default": "{}", "no_log": True},
    # The host that it belongs on and that does not answer.
    "instead_of": {"type": "str", "default": ""},
}
PROCESS = {
    **COMMAND,
    "count": {"type": "int", "default": 1},
    "once": {"type": "bool", "default": False},
    "stop_signal": {"type": "str", "default": "SIGTERM"},
    "patience": {"type": "int", "default": 60},
    "elsewhere": {"type": "bool", "default": False},
}
TIMER = {
    **COMMAND,
    "schedule": {"type": "list", "elements": "str", "required": True},
    "once": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 0},
    # What is told to slots.nightly, where the timer is for that; as JSON, with passwords.
    "dumps": {"type": "str", "default": "", "no_log": True},
}

SERVICE = {
    "service": {
        "type": "dict",
        "default": {},
        "options": {
            "web": {"type": "bool", "default": True},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True},
                    "kind": {"type": "str", "choices": ["unit", "gunicorn", "nginx", "plain"], "default": "plain"},
                    "mode": {"type": "str", "default": "0644"},
                },
            },
            "nginx_link": {"type": "dict", "default": {}},
            "uploads": {
                "type": "dict",
                "default": {},
                "options": {
                    "url": {"type": "str", "default": ""},
                    "public": {"type": "raw"},
                    "protected": {"type": "dict", "default": {}},
                },
            },
            "pages": {
                "type": "dict",
                "default": {},
                "options": {
                    "folder": {"type": "path", "default": ""},
                    "bundled": {"type": "dict", "default": {}},
                    "named": {"type": "dict", "default": {}},
                },
            },
            "passwords": {
                "type": "dict",
                "default": {},
                "no_log": False,
                "options": {
                    "path": {"type": "path", "default": ""},
                    "users": {"type": "str", "default": "{}", "no_log": True},
                },
            },
            "refuse_unknown_names": {"type": "list", "elements": "int", "default": []},
            "strategy": {"type": "str", "choices": ["slots", "restart"], "default": "slots"},
            "server_names": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "dict", "default": {}},
            "processes": {"type": "list", "elements": "dict", "default": [], "options": PROCESS},
            "timers": {"type": "list", "elements": "dict", "default": [], "options": TIMER},
            "process_templates": {"type": "dict", "default": {}},
            "process_settle": {"type": "int", "default": 5},
            **BAKE,
            "bake_slower": {"type": "float", "default": 2.0},
            "behind_proxy": {"type": "bool", "default": False},
            "health_path": {"type": "str", "default": "/"},
            "health_host": {"type": "str", "default": "localhost"},
            "health_statuses": {"type": "list", "elements": "int", "default": []},
            "health_checks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "str", "required": True},
                    "host": {"type": "str", "default": ""},
                    "statuses": {"type": "list", "elements": "int", "default": []},
                    "headers": {"type": "dict", "default": {}},
                },
            },
            "health_timeout": {"type": "int", "default": 60},
            "url": {"type": "str"},
        },
    },
}


def layout_of(params: dict) -> Layout:
    return Layout(params["app_name"], params["app_dir"], params["socket_link"])


def lock_of(params: dict, check_mode: bool) -> DeployLock:
    """The lock under which a module works; none in check mode, which changes nothing."""
    return DeployLock(params["app_name"], "" if check_mode else params["run_id"], params["actor"])
