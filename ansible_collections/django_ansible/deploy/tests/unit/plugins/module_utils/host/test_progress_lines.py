"""What a program says of migrations is passed on. How it gets to the runner's log is tried in __tests__/e2e/long-migration.full.test.ts."""
from __future__ import annotations

import pytest

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import progress


@pytest.fixture
def said(monkeypatch):
    lines = []
    monkeypatch.setattr(progress.Progress, "say", lambda self, line: lines.append(line.decode()))
    return lines


def test_lines_of_known_migrations_are_passed_on_however_they_come(said):
    heard = progress.Progress("/nowhere", ["shop.0002_more"])
    for part in (b"something\nmigration shop.0002", b"_more begun\nmigration other.0001_x begun\n", b"migration shop.0002_more done in 1.5 s\n::error::x\n"):
        heard(part)
    assert said == ["migration shop.0002_more begun", "migration shop.0002_more done in 1.5 s"]


def test_a_program_without_end_does_not_fill_the_channel(said):
    heard = progress.Progress("/nowhere", ["shop.0002_more", "shop.0003_next"])
    for _ in range(1000):
        heard(b"migration shop.0002_more waits\n" * 100)
    heard(b"migration shop.0003_next begun\n")
    assert len(said) == progress.MOST + 1 and said[-1].endswith("0003_next begun")
    heard(b"x" * 10_000_000)
    assert len(heard.rest) <= progress.LONGEST + 1
