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
  may_fail:
    description: How many hosts the run may lose and go on with the others. The action plugin uses it.
    type: int
    default: 0
  unheard:
    description: Whether the run goes on although this host has heard nothing of it. The action plugin sets it, once the host has said so.
    type: bool
    default: false
  notify:
    description: Address that this host posts a notice to, as JSON, when it rolls back by itself. Empty is nobody.
    type: str
    default: ''
"""
