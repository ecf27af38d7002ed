# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  part:
    description: V(web), V(nginx), V(deploys), or the name of a process or timer.
    type: str
    default: web
  since:
    description: A time as systemd reads it, such as V(1 hour ago).
    type: str
    default: ''
  lines:
    description: How many, the newest ones.
    type: int
    default: 200
  grep:
    description: An extended regular expression, in whatever case.
    type: str
    default: ''
"""
