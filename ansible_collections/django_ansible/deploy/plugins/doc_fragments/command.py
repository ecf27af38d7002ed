# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  words:
    description: The command; with M(django_ansible.deploy.app_run), the arguments of C(manage.py).
    type: list
    elements: str
    required: true
  limit:
    description: Seconds after which the command is ended.
    type: int
    default: 86400
  detached:
    description: Whether nobody waits for the command to end.
    type: bool
    default: false
  offset:
    description: Bytes of its output that were shown before.
    type: int
    default: 0
  wait:
    description: Seconds to wait for its end, in this call.
    type: float
    default: 2
"""
