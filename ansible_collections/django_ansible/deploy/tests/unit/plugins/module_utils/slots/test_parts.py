"""A part of an application that leaves takes nothing of the rest along."""
from __future__ import annotations

import json
import os
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import parts, process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose live slot is green, with a process and a timer, and what was asked of it, in order."""
    asked = []
    for folder in ("units/wants", "app/slots", "etc/blue.settings", "run"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("worker-blue@.service", "worker-green@.service", "work.timer", "work.service", "web-worker-green@.service"):
        (tmp_path / "units" / ("mysite-" + name)).write_text("X-DjangoApplication=mysite\n")
    (tmp_path / "units/mysite-worker.service").write_text("X-DjangoApplication=another\n")
    (tmp_path / "units/wants/mysite-worker-green@1.service").write_text("")
    for name in ("blue.env", "green.env", "green.worker.env", "blue.worker.env"):
        (tmp_path / "etc" / name).write_text("")
    layout = Layout("mysite", str(tmp_path / "app"), str(tmp_path / "run/gunicorn.sock"))
    layout.etc, layout.run = str(tmp_path / "etc"), str(tmp_path / "run")
    (tmp_path / "run/gunicorn.sock").symlink_to("green.sock")
    for slot in ("blue", "green"):
        (tmp_path / "app/slots" / slot).symlink_to("../releases/20260101T000000Z-abcdef0")
    monkeypatch.setattr(process_units, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(process_units, "WANTED", str(tmp_path / "units/wants"))
    monkeypatch.setattr(layout, "list_releases", lambda: ["one"])
    monkeypatch.setattr(parts.systemd, "systemctl", lambda *words, **_: asked.append(" ".join(words)))
    monkeypatch.setattr(parts.systemd, "quietly", lambda *words: None)
    monkeypatch.setattr(parts.systemd, "is_enabled", lambda unit: True)
    monkeypatch.setattr(parts.systemd, "disable", lambda unit: asked.append("disable " + unit))
    return SimpleNamespace(folder=tmp_path, asked=asked, layout=layout)


def names(folder):
    return sorted(os.listdir(folder))


def test_a_process_leaves_with_the_units_of_both_slots(host):
    part = parts.Part(host.layout, "worker")
    assert part.is_there()[:2] == ["mysite-worker-blue@.service", "mysite-worker-green@.service"]
    part.leave()
    assert host.asked == ["disable mysite-worker-green@1.service", "stop mysite-worker-blue@*.service", "stop mysite-worker-green@*.service", "daemon-reload"]
    assert names(host.folder / "units") == ["mysite-web-worker-green@.service", "mysite-work.service", "mysite-work.timer", "mysite-worker.service", "wants"]
    assert names(host.folder / "etc") == ["blue.env", "blue.settings", "green.env"]
    assert parts.Part(host.layout, "work").is_there()


def test_what_has_left_counts_for_no_drift(host, monkeypatch):
    parts.left.note(host.layout)
    before = json.loads((host.folder / "etc/left.json").read_text())
    assert str(host.folder / "units/mysite-worker-blue@.service") in before
    parts.Part(host.layout, "worker").leave()
    assert parts.left.drift(host.layout) == []


def test_a_timer_stops_before_its_job(host):
    parts.Part(host.layout, "work").leave()
    assert host.asked == ["disable mysite-work.timer", "stop mysite-work.timer", "stop mysite-work.service", "daemon-reload"]


def test_the_slot_that_is_not_live_leaves_and_its_processes_end_by_themselves(host):
    part = parts.Part(host.layout, "blue")
    part.leave()
    assert [words for words in host.asked if words.startswith("stop")] == ["stop mysite@blue.service", "stop mysite@blue.socket"]
    assert names(host.folder / "etc") == ["blue.worker.env", "green.env", "green.worker.env"]
    assert names(host.folder / "app/slots") == ["green"]
    assert part.is_there() == []


def test_the_live_slot_and_what_is_not_there_are_refused(host):
    with pytest.raises(CommandFailed, match="green is live: deploy or roll back first"):
        parts.Part(host.layout, "green")
    with pytest.raises(CommandFailed, match="mysite has no part beat on this host: use blue, green, web-worker, work, worker"):
        parts.Part(host.layout, "beat")
