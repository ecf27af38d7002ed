"""What an operation prints is shown without what would move a cursor, goes to the file that is named, and is no more than there may be."""
from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.action.show_logs import merged
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import printed


@pytest.fixture
def shown(monkeypatch, tmp_path):
    lines = []
    monkeypatch.setattr(printed.display, "display", lines.append)
    monkeypatch.setenv(printed.FILE, str(tmp_path / "output"))
    return lines, tmp_path / "output"


def test_lines_are_shown_and_kept(shown):
    lines, file = shown
    one = printed.Printed()
    one.show("\x1b[31mred\x1b[0m\r\n\x07bell\t|\n")
    one.show("")
    assert lines == ["red", "bell\t|"]
    assert file.read_text() == "red\nbell\t|\n"
    assert os.stat(file).st_mode & 0o777 == 0o600


def test_there_is_a_limit(shown, monkeypatch):
    monkeypatch.setattr(printed, "MOST", 5)
    one = printed.Printed()
    one.show("1234567\n")
    one.show("more\n")
    assert (shown[0], one.cut) == (["12345"], True)


def test_several_hosts_are_one_log_by_time():
    found = {"web10": {"times": [1_000_000, 3_000_000], "lines": ["a", "c"]}, "w2": {"times": [2_000_000], "lines": ["b"]}}
    assert list(merged(found)) == [
        "1970-01-01T00:00:01.000Z web10 a",
        "1970-01-01T00:00:02.000Z w2    b",
        "1970-01-01T00:00:03.000Z web10 c",
    ]
    assert list(merged({"web1": {"times": [0], "lines": ["a"]}})) == ["1970-01-01T00:00:00.000Z a"]
