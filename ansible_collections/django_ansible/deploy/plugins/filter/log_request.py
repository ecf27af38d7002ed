# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: log_request
short_description: What somebody asks of the logs
description:
  - Reads C(web --since "1 hour ago" --lines 100 --grep error) and says what is wrong with what is none.
options:
  _input:
    description: A command, as a list of words or a text. Empty asks for the web part.
    type: raw
    required: true
  part:
    description: What an empty command asks for.
    type: str
    default: web
"""

EXAMPLES = r"""
- name: Show what the command selects
  ansible.builtin.debug:
    msg: "{{ 'worker --lines 50' | django_ansible.deploy.log_request }}"
"""

RETURN = """
_value:
  description: C(part), C(since), C(lines) and C(grep); C(wrong) is a sentence about what cannot be understood, else empty.
  type: dict
"""

import argparse
import re
import shlex

PART = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,60}|")
SINCE = re.compile(r"[A-Za-z0-9 :.+-]{1,60}")
USUAL_LINES = 200
MOST_LINES = 20000


class Wrong(Exception):
    pass


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise Wrong(message)


def log_request(command, part="web"):
    try:
        return {**_understood(command, part), "wrong": ""}
    except Wrong as error:
        return {"wrong": "command cannot be understood: %s. Use it like: web --since \"1 hour ago\" --lines 100 --grep error" % error}


def _understood(command, part):
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("part", nargs="?", default=part)
    parser.add_argument("--since", default="")
    parser.add_argument("--lines", type=int, default=USUAL_LINES)
    parser.add_argument("--grep", default="")
    try:
        words = shlex.split(command) if isinstance(command, str) else [str(word) for word in command]
    except ValueError as error:
        raise Wrong("it has an open quote (%s)" % error) from error
    found = vars(parser.parse_args(words))
    if not PART.fullmatch(found["part"]):
        parser.error("%r is no part: use web, nginx, deploys, or the name of a process or timer" % found["part"])
    if found["since"] and not SINCE.fullmatch(found["since"]):
        parser.error("--since is a time such as 2026-01-31 12:00, today or 1 hour ago")
    if not 1 <= found["lines"] <= MOST_LINES:
        parser.error("--lines is a number from 1 to %d" % MOST_LINES)
    return found


class FilterModule:
    def filters(self):
        return {"log_request": log_request}
