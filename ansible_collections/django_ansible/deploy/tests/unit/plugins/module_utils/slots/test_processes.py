from __future__ import annotations

import contextlib
import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import pause, process_moves, process_units, processes
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

PROCESS = "[Unit]\nDescription=@name@\nX-DjangoApplication=shop\n@once@\n[Service]\nExecStart=@exec_start@\nTimeoutStopSec=@patience@\n"
TIMER = "[Unit]\nX-DjangoApplication=shop\n[Timer]\n@on_calendar@\n"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose systemd only remembers what it was told."""
    for folder in ("units/multi-user.target.wants", "etc", "opt"):
        (tmp_path / folder).mkdir(parents=True)
    monkeypatch.setattr(process_units, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(process_units, "WANTED", str(tmp_path / "units/multi-user.target.wants"))
    told = []

    def systemctl(verb, *arguments, timeout=0):
        units = [argument for argument in arguments if not argument.startswith("-")]
        told.append((verb, *units))
        for unit in units:
            link = tmp_path / "units/multi-user.target.wants" / unit
            if verb == "enable":
                link.write_text("")
            elif verb == "disable" and link.exists():
                link.unlink()
        return ""

    monkeypatch.setattr(processes.systemd, "systemctl", systemctl)
    monkeypatch.setattr(processes.systemd, "show_each", lambda units, *_: {unit: {"ActiveState": "active", "SubState": "running"} for unit in units})
    monkeypatch.setattr(processes.systemd, "any_active", lambda pattern: False)
    layout = Layout("shop", str(tmp_path / "opt"), "/run/shop/gunicorn.sock")
    layout.etc = str(tmp_path / "etc")

    class Host:
        units = tmp_path / "units"
        calls = told

        def named(self, wanted, release="20260101T000000Z-0000001", timers=()):
            params = {
                "app_group": "root", "release": release, "process_settle": 0, "timers": list(timers),
                "process_templates": {"process": PROCESS, "job": PROCESS, "timer": TIMER},
                "processes": [{"count": 1, "once": False, "stop_signal": "SIGTERM", "patience": 60, "environment": "{}", **entry} for entry in wanted],
            }
            return processes.Processes(layout, params)

        def deploy(self, slot, *args, **options):
            told.clear()
            made = self.named(*args, **options)
            made.hand_over(slot, Restorable())
            gone, _ = process_moves.ended(layout, made.moves)
            process_moves.finish(made.moves, gone)
            return made.moves

        def enabled(self):
            return sorted(os.listdir(process_units.WANTED))

    return Host()


WORKER = {"name": "worker", "command": "celery -A shop worker", "count": 2}
BEAT = {"name": "beat", "command": "celery -A shop beat", "once": True}


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("celery -A shop worker", "/r/.venv/bin/celery -A shop worker"),
        ("manage.py run_huey", "/r/.venv/bin/python manage.py run_huey"),
        ("/usr/bin/env -i", "/usr/bin/env -i"),
        ("celery -n w{number}.{slot}@%h -s {shared}/beat", "/r/.venv/bin/celery -n w%i.%j@%%h -s /s/beat"),
        ("""manage.py say 'two words' '$HOME' 'a"b' ''""", r'/r/.venv/bin/python manage.py say "two words" $$HOME "a\"b" ""'),
    ],
)
def test_a_command_becomes_what_systemd_runs(command, expected):
    assert process_units.exec_start(command, "/r", "/s") == expected


def test_another_slot_starts_new_ones_before_the_old_ones_stop(host):
    host.deploy("blue", [WORKER])
    assert host.enabled() == ["shop-worker-blue@1.service", "shop-worker-blue@2.service"]
    host.deploy("green", [WORKER], release="20260102T000000Z-0000002")
    assert host.enabled() == ["shop-worker-green@1.service", "shop-worker-green@2.service"]
    started = host.calls.index(("start", "shop-worker-green@1.service", "shop-worker-green@2.service"))
    assert started < host.calls.index(("stop", "shop-worker-blue@1.service", "shop-worker-blue@2.service"))
    assert not (host.units / "shop-worker-blue@.service").exists()


def test_what_may_run_once_stops_before_its_successor_starts(host):
    host.deploy("blue", [BEAT])
    host.deploy("green", [BEAT], release="20260102T000000Z-0000002")
    assert host.calls.index(("stop", "shop-beat-blue@1.service")) < host.calls.index(("start", "shop-beat-green@1.service"))


def test_what_may_run_once_and_is_new_here_waits_for_the_fleet(host):
    made = host.named([BEAT, WORKER])
    made.hand_over("blue", Restorable())
    assert made.moves["later"] == ["shop-beat-blue@1.service"]
    assert host.enabled() == ["shop-worker-blue@1.service", "shop-worker-blue@2.service"]
    process_moves.finish(made.moves, [])
    assert "shop-beat-blue@1.service" in host.enabled()


def test_what_another_host_runs_too_stops_everywhere_before_it_starts_anew(host):
    host.deploy("blue", [BEAT])
    host.calls.clear()
    made = host.named([{**BEAT, "elsewhere": True}], release="20260102T000000Z-0000002")
    made.hand_over("green", Restorable())
    assert ("stop", "shop-beat-blue@1.service") in host.calls
    assert made.moves["later"] == ["shop-beat-green@1.service"]
    assert host.enabled() == []


def test_a_stand_in_is_told_when_it_starts_and_not_again(host):
    entry = {**BEAT, "instead_of": "app1"}
    made = host.named([entry])
    made.hand_over("blue", Restorable())
    (told,) = made.warnings
    assert told.startswith("beat runs on this host from now on, since app1 does not answer.")
    process_moves.finish(made.moves, [])
    again = host.named([entry], release="20260102T000000Z-0000002")
    again.hand_over("green", Restorable())
    assert again.warnings == []
    assert again.moves["later"] == []


def test_a_host_knows_what_it_alone_may_run_and_what_belongs_elsewhere(host):
    host.deploy("blue", [BEAT, WORKER])
    assert process_units.once_here("shop") == ["beat"]
    assert process_units.astray("shop", {"beat": "app2"}, "app2") == []
    assert process_units.astray("shop", {}, "app2") == []
    (told,) = process_units.astray("shop", {"beat": "app1"}, "app2")
    assert told.startswith("beat runs here and belongs on app1")


def test_a_second_run_has_nothing_to_do(host):
    host.deploy("blue", [WORKER, BEAT])
    assert host.named([WORKER, BEAT]).pending("blue") == []


def test_a_changed_command_restarts_in_place(host):
    host.deploy("blue", [WORKER])
    moves = host.deploy("blue", [{**WORKER, "command": "celery -A shop worker -c 4"}])
    assert moves["restarted"] == ["shop-worker-blue@1.service", "shop-worker-blue@2.service"]
    assert moves["started"] == moves["stopped"] == []


def test_fewer_and_none_of_a_process(host):
    host.deploy("blue", [WORKER])
    assert host.deploy("blue", [{**WORKER, "count": 1}])["stopped"] == ["shop-worker-blue@2.service"]
    host.deploy("blue", [])
    assert host.enabled() == []
    assert list(host.units.glob("shop*")) == []


def test_one_that_ends_at_once_is_told_and_the_old_ones_go_on(host, monkeypatch):
    host.deploy("blue", [WORKER])
    monkeypatch.setattr(processes.systemd, "log_since", lambda unit, since: "out of ink, and abcdefgh")
    monkeypatch.setattr(
        processes.systemd, "show_each", lambda units, *_: {unit: {"ActiveState": "activating", "SubState": "auto-restart"} for unit in units}
    )
    made = host.named([{**WORKER, "environment": '{"TOKEN": "abcdefgh"}'}], release="20260102T000000Z-0000002")
    with pytest.raises(processes.CommandFailed, match=r"shop-worker-green@1.service does not stay up\n.*\nout of ink, and \*\*\*"):
        made.hand_over("green", Restorable())
    process_moves.go_back("shop", made.moves)
    assert host.enabled() == ["shop-worker-blue@1.service", "shop-worker-blue@2.service"]


def test_variables_of_its_own_are_in_a_file_of_its_own_that_goes_with_it(host, tmp_path):
    host.deploy("blue", [{**WORKER, "environment": '{"TOKEN": "a b"}'}])
    file = tmp_path / "etc/blue.worker.env"
    assert 'TOKEN="a b"' in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o640
    host.deploy("green", [WORKER], release="20260102T000000Z-0000002")
    assert list((tmp_path / "etc").iterdir()) == []


def test_timers_start_in_the_end_and_go_when_they_are_taken_away(host):
    timer = {"name": "clean", "command": "manage.py clean", "schedule": ["daily", "Mon 03:00"], "once": True, "timeout": 0, "environment": "{}"}
    host.deploy("blue", [], timers=[timer])
    assert host.calls.index(("enable", "shop-clean.timer")) < host.calls.index(("restart", "shop-clean.timer"))
    assert "OnCalendar=daily\nOnCalendar=Mon 03:00\n" in (host.units / "shop-clean.timer").read_text()
    host.deploy("blue", [])
    assert list(host.units.glob("shop*")) == []


def test_units_of_a_neighbour_are_left_alone(host):
    (host.units / "shop-worker-blue@.service").write_text("[Unit]\nX-DjangoApplication=shop-worker\n")
    assert host.named([]).pending("blue") == []
    with pytest.raises(processes.CommandFailed, match="shop-worker-blue@.service is a unit of somebody else"):
        host.named([WORKER]).check()


def test_all_that_runs_of_the_application_is_paused_and_goes_on_each_unit_by_itself(tmp_path, monkeypatch):
    sent = []
    monkeypatch.setattr(pause, "going_on", lambda *named: contextlib.nullcontext())
    monkeypatch.setattr(process_units, "owned_units", lambda app_name: {"shop-worker-blue@.service": False})
    monkeypatch.setattr(processes.systemd, "systemctl", lambda *arguments, **_: sent.append(arguments))
    with pause.paused(Layout("shop", str(tmp_path), str(tmp_path / "sock"))):
        stopped = list(sent)
    units = {"shop@blue.service", "shop@green.service", "shop-worker-blue@*.service"}
    assert {arguments[2] for arguments in stopped} == units
    assert {arguments[1] for arguments in stopped} == {"--signal=STOP"}
    assert {arguments[2] for arguments in sent[len(stopped) :]} == units
    assert {arguments[1] for arguments in sent[len(stopped) :]} == {"--signal=CONT"}


@pytest.mark.parametrize("own", [True, False])
def test_a_process_whose_ids_are_its_own_has_a_first_one_that_passes_signals_on(host, monkeypatch, tmp_path, own):
    monkeypatch.setattr(processes.systemd, "gives_own_pids", lambda: own)
    host.deploy("blue", [WORKER])
    start = "ExecStart=" + ("/usr/bin/python3 -I -S %s/etc/init.py " % tmp_path if own else "") + str(tmp_path / "opt")
    assert start in (host.units / "shop-worker-blue@.service").read_text()
