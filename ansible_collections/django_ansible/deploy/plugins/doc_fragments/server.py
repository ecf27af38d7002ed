# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  clients:
    description: Other hosts that connect, names, addresses or networks.
    type: list
    elements: str
    default: []
  alone:
    description: Whether the host has nothing else of weight to do.
    type: bool
    default: true
  settings:
    description: More settings of the server; they win. They belong to the first application that is on it; from another one they have to be the same.
    type: dict
    default: {}
  restart:
    description: Whether a server that runs may be restarted. Otherwise nothing is changed when it would have to be. The action plugin asks first and says so.
    type: bool
    default: true
"""
