# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""The arguments that the modules of container mode share; documented in doc_fragments/compose.py."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.rule import BAKE

RUN_ARGUMENTS = {
    "run_id": {"type": "str", "default": ""},
    "actor": {"type": "str", "default": ""},
}

PROJECT_ARGUMENTS = {"project": {"type": "str", "required": True}}

FILES_ARGUMENTS = {
    "files": {"type": "list", "elements": "path", "default": ["/root/compose.yml"]},
    "sources": {"type": "str", "no_log": True, "default": "{}"},
    # One string, not a mapping: no_log on a mapping would mask each of its values, "1" and "true" included, in every answer.
    "env": {"type": "str", "no_log": True, "default": "{}"},
    "env_file": {"type": "str", "default": ""},
    "name": {"type": "str", "default": ""},
    "profiles": {"type": "list", "elements": "str", "default": []},
    "services": {"type": "list", "elements": "str", "default": []},
}

START_ARGUMENTS = {
    "remove_orphans": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 300},
    "settle_seconds": {"type": "int", "default": 3},
    "log_lines": {"type": "int", "default": 20},
    "probes": {"type": "dict", "default": {}},
    "rollout": {"type": "list", "elements": "str", "default": []},
    "drain_seconds": {"type": "int", "default": 10},
    **BAKE,
}


def settings_of(params):
    """What compose_launch and compose_rollout go by."""
    return {name: params[name] for name in START_ARGUMENTS}
