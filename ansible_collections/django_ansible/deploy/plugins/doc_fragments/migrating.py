# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  elsewhere:
    description:
      - Of each other live release of the fleet C(host), C(release) and, as C(proved), what this module answered there with O(proves_only=true), or nothing.
    type: list
    elements: dict
    default: []
  proves_only:
    description: Whether nothing is applied, and only the live release of this host is tried with the migrations that another host applies.
    type: bool
    default: false
  lock_timeout:
    description: Seconds that a statement of a migration waits for a lock on PostgreSQL, MySQL and MariaDB, and lets every other query behind it wait. 0 waits without end.
    type: int
    default: 3
  lock_tries:
    description: How often a migration is tried that does not get its lock.
    type: int
    default: 10
  timeout:
    description: Seconds that the migrations may take. 0 sets no limit.
    type: int
    default: 0
"""
