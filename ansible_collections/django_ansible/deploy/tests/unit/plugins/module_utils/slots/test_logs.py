"""What was logged, by time: nginx's two forms of it, the journal of deploys, and what is asked for alone."""
from __future__ import annotations

import json

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import log_lines
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import logs
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

ACCESS = '192.0.2.7 - - [02/Jan/2026:03:04:05 +0200] "GET / HTTP/1.1" 200 5 "-" "curl"'


@pytest.fixture
def layout(tmp_path):
    return Layout("mysite", str(tmp_path), "/run/mysite/gunicorn.sock")


def test_nginx_lines_have_their_times(layout, tmp_path, monkeypatch):
    access = tmp_path / "mysite.access.log"
    access.write_text(ACCESS + "\n")
    monkeypatch.setattr(logs, "NGINX", str(tmp_path))
    assert logs._of_nginx(layout) == [[1767315845.0, ACCESS]]
    assert logs._time_in("no time at all") is None


def test_deploys_are_matched_and_cut_to_the_newest(layout):
    with open(layout.journal, "w", encoding="utf-8") as file:
        for second in range(5):
            file.write(json.dumps({"time": "2026-01-02T03:04:0%dZ" % second, "result": "succeeded" if second else "failed"}) + "\n")
        file.write("half a li")
    assert [when for when, _ in logs.read(layout, "deploys", "", 2, "")] == [1767323043.0, 1767323044.0]
    assert [text for _, text in logs.read(layout, "deploys", "", 9, "FAIL")] == ['{"result": "failed"}']


def test_a_pattern_that_is_none_and_a_part_that_is_none_are_refused(layout):
    with pytest.raises(CommandFailed, match="--grep"):
        log_lines.matching([[0, "a"]], "(")
    with pytest.raises(CommandFailed, match="there is no worker here: use web, nginx, deploys"):
        logs.read(layout, "worker", "", 9, "")
