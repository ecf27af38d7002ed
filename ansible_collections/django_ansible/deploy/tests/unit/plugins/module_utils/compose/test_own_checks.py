"""A container's health check that is run sooner than the engine runs it."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import own_checks
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.launch import Launch

SETTINGS = {"wait_timeout": 60, "settle_seconds": 3, "probes": {}, "rollout": [], "log_lines": 5, "remove_orphans": True}


def container(test=("CMD", "check", "it"), health="starting", status="running", interval=2, timeout=4, shell=None, started="then"):
    config = {"Labels": {"com.docker.compose.service": "web"}, "Healthcheck": {"Test": list(test), "Interval": interval * own_checks.SECOND, "Timeout": timeout * own_checks.SECOND}, "Shell": shell}
    return {"Id": "c1", "Name": "/shop-web-1", "Config": config, "State": {"Status": status, "StartedAt": started, "Health": {"Status": health}}}


@pytest.fixture
def clock(monkeypatch):
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(own_checks.time, "monotonic", lambda: now.seconds)
    return now


class Engine:
    def __init__(self, *codes):
        self.codes, self.ran = list(codes), []

    def execute(self, identifier, argv, timeout):
        self.ran.append((identifier, argv, timeout))
        code = self.codes.pop(0)
        if code is None:
            raise ComposeError("The Docker engine did not answer within 5 seconds")
        return code, ""


@pytest.mark.parametrize(
    "test, shell, argv",
    [
        (["CMD", "curl", "-f", "http://127.0.0.1/"], None, ["curl", "-f", "http://127.0.0.1/"]),
        (["CMD-SHELL", "curl -f http://127.0.0.1/ || exit 1"], None, ["/bin/sh", "-c", "curl -f http://127.0.0.1/ || exit 1"]),
        (["CMD-SHELL", "check"], ["/bin/bash", "-ec"], ["/bin/bash", "-ec", "check"]),
        (["NONE"], None, None),
        (["CMD"], None, None),
        ([], None, None),
    ],
)
def test_it_is_what_the_engine_runs(test, shell, argv):
    assert own_checks.command_of(container(test, shell=shell)) == argv


def test_a_container_without_any_has_none():
    assert own_checks.command_of({"Config": {}}) is None
    assert own_checks.command_of({"Config": {"Healthcheck": None}}) is None


def test_it_is_run_at_once_then_less_and_less_often_and_no_oftener_than_the_engine_would(clock):
    engine = Engine(1, 1, 1, 1, 1, 1, 1, 1, 0)
    checks, times = own_checks.OwnChecks(engine), []
    for tick in range(0, 800):
        clock.seconds = 100 + tick / 100
        before = len(engine.ran)
        passed = checks.pass_(container())
        if len(engine.ran) > before:
            times.append(tick / 100)
        if passed:
            break
    assert [round(later - earlier, 1) for earlier, later in zip(times, times[1:])] == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    assert {timeout for _, _, timeout in engine.ran} == {4.0}


def test_one_that_starts_again_is_checked_at_once(clock):
    engine = Engine(1, 0)
    checks = own_checks.OwnChecks(engine)
    assert checks.pass_(container()) is False
    assert checks.pass_(container()) is False
    assert checks.pass_(container(started="later")) is True
    assert len(engine.ran) == 2


def test_one_that_hangs_is_left_to_the_engine(clock):
    engine = Engine(None)
    checks = own_checks.OwnChecks(engine)
    for _ in range(3):
        clock.seconds += 100
        assert checks.pass_(container()) is False
    assert len(engine.ran) == 1


def test_one_that_has_passed_stays_so_while_others_are_waited_for(clock):
    engine = Engine(0)
    checks = own_checks.OwnChecks(engine)
    assert [checks.pass_(container()) for _ in range(3)] == [True, True, True]
    assert len(engine.ran) == 1


def test_where_no_times_are_given_it_is_run_all_the_same_and_takes_not_long(clock):
    engine = Engine(0)
    assert own_checks.OwnChecks(engine).pass_(container(interval=0, timeout=0)) is True
    assert engine.ran[0][2] == 5.0


def launch(engine, **settings):
    compose = SimpleNamespace(engine=engine)
    return Launch(compose, "/config.json", "/srv/shop", [], [], {"name": "shop", "services": {"web": {}}}, {**SETTINGS, **settings})


def test_a_launch_that_hurries_goes_by_it(clock):
    hurried = launch(Engine(0))
    hurried.hurry()
    assert hurried.verdict(container(), True, False) == ("ready", "")
    assert hurried.gates == {"web": "passes its health check"}


@pytest.mark.parametrize("hurries, settings", [(False, {}), (True, {"rollout": ["web"]})])
def test_others_and_those_behind_a_proxy_that_goes_by_the_engine_wait_for_it(clock, hurries, settings):
    patient = launch(Engine(), **settings)
    if hurries:
        patient.hurry()
    assert patient.verdict(container(), True, False) == ("waiting", "is not healthy yet")
    assert patient.verdict(container(health="healthy"), True, False) == ("ready", "")
    assert patient.gates == {"web": "is healthy"}


@pytest.mark.parametrize("health, status", [("unhealthy", "running"), ("starting", "exited"), ("starting", "restarting")])
def test_what_the_engine_has_found_bad_stays_so(clock, health, status):
    hurried = launch(Engine())
    hurried.hurry()
    assert hurried.verdict({**container(health=health), "State": {"Status": status, "ExitCode": 1, "Health": {"Status": health}}}, True, False)[0] != "ready"
