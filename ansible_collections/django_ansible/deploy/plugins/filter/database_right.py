# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: database_right
short_description: The SQL that lets an application on another host make databases for a while
description:
  - An administrator of the PostgreSQL server runs it.
options:
  _input:
    description: Name of the application's database.
    type: str
    required: true
  user:
    description: The role with which the application logs in.
    type: str
    required: true
  seconds:
    description: After so many seconds the server ends it by itself. V(0) ends it now.
    type: int
    required: true
"""

EXAMPLES = """
- name: Show it
  ansible.builtin.debug:
    msg: "{{ 'shop' | django_ansible.deploy.database_right('shop', 3600) }}"
"""

RETURN = """
_value:
  description: SQL.
  type: str
"""

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql_maker


def database_right(database, user, seconds):
    return postgresql_maker.giving(database, user, seconds) if seconds else postgresql_maker.taking(database)


class FilterModule:
    def filters(self):
        return {"database_right": database_right}
