"""What is kept of what a program printed."""
from __future__ import annotations

import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import LONGEST_TAIL, CommandFailed, run, tail
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import problem_of


def test_the_last_lines_stay():
    assert tail("\n".join("line %d" % number for number in range(100)), 2) == "line 98\nline 99"


def test_a_line_without_end_is_kept_by_its_end():
    told = tail("first\n" + "x" * 300000 + " 50% é")
    assert told.startswith("…x") and told.endswith("x 50% é") and len(told) == LONGEST_TAIL + 1


def test_who_prints_much_in_one_line_does_not_make_the_answer_of_its_module_a_strange_one():
    with pytest.raises(CommandFailed) as failed:
        run([sys.executable, "-c", "print('x' * 300000); raise SystemExit(3)"])
    assert problem_of("app_activate", {"failed": True, "msg": str(failed.value)}) is None
