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
    description: More settings of the server; they win.
    type: dict
    default: {}
"""
