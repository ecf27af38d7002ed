# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: words
short_description: The words of a command
description:
  - A list stays as it is, a text is split like a shell would.
options:
  _input:
    description: A command.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Show them
  ansible.builtin.debug:
    msg: "{{ 'shell -c \"print(1)\"' | django_ansible.deploy.words }}"
"""

RETURN = """
_value:
  description: Its words.
  type: list
  elements: str
"""

import shlex

from ansible.errors import AnsibleFilterError


def words(command):
    try:
        found = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except ValueError as error:
        raise AnsibleFilterError("django_app_command has an open quote (%s): close it." % error) from error
    if not found:
        raise AnsibleFilterError("django_app_command is empty: say what to run, such as check --deploy.")
    return found


class FilterModule:
    def filters(self):
        return {"words": words}
