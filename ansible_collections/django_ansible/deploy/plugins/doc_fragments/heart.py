# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  heart:
    description: Secret of the heartbeat by which the host knows that this run lives. The action plugin sets it; without it the lock has a lease.
    type: str
    default: ''
  notify:
    description: Address that this host posts a notice to, as JSON, when it rolls back by itself. Empty is nobody.
    type: str
    default: ''
"""
