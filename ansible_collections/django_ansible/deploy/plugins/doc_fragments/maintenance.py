# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  enabled:
    description: Whether the application is under maintenance.
    type: bool
    required: true
  allow:
    description: Addresses that get through.
    type: list
    elements: str
    default: []
  bypass:
    description: Word of the link C(/.maintenance/<word>), which leaves a cookie that gets through.
    type: str
    default: ''
"""
