"""What a bake of container mode reads of what services print, and what it makes of it."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import bake
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.bake import Bake, entries_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError

NGINX = '172.18.0.1 - - [27/Nov/2026:06:58:14 +0000] "GET /a?token=secret HTTP/1.1" %d 120 "-" "a browser" "-"'
UVICORN = 'INFO:     172.18.0.1:4711 - "POST /pay HTTP/1.1" %d Internal Server Error'


@pytest.mark.parametrize(("line", "expected"), [
    (NGINX % 502, ("/a", 502, True)),
    (UVICORN % 500, ("/pay", 500, True)),
    ('10.0.0.1 - - [27/Nov/2026:06:58:14 +0000] "GET / HTTP/2.0" 304 0', ("/", 304, False)),
    ('web-1  | 1.2.3.4 - "GET / HTTP/1.1" 200 OK', ("/", 200, False)),
])
def test_a_request_is_found_as_servers_print_it(line, expected):
    (found,) = entries_of("starting\n%s\nended" % line)
    assert (found.path, found.status, found.failed) == expected


def test_other_lines_are_none():
    assert entries_of('Listening at: http://0.0.0.0:8000\nsaid "GET well soon" 500 times\n"GET / HTTP/1.1" 99999\n') == []


class Engine:
    def __init__(self):
        self.old, self.new, self.restarts, self.state = [], [], 0, {"Status": "running"}

    def containers(self, project):
        return [{"Id": "1", "Labels": {"com.docker.compose.service": "web"}}, {"Id": "2", "Labels": {"com.docker.compose.service": "stranger"}}]

    def logs(self, identifier, lines, since):
        assert identifier == "1"
        return "\n".join(self.new if since else self.old)

    def container(self, identifier):
        return {"Id": "1", "Name": "/shop-web-1", "RestartCount": self.restarts, "State": self.state, "Config": {"Labels": {"com.docker.compose.service": "web"}}}


class Launch:
    name, services = "shop", {"web": {}}

    def __init__(self):
        self.engine = Engine()
        self.is_stopped = lambda: False

    def inspect(self):
        return [self.engine.container("1")]


class Clock:
    """Goes on by two seconds at each look."""

    def __init__(self):
        self.now = 0

    def monotonic(self):
        self.now += 2
        return self.now

    time = monotonic

    def sleep(self, seconds):
        pass


@pytest.fixture
def launch(monkeypatch):
    monkeypatch.setattr(bake, "time", Clock())
    return Launch()


def made(launch, **settings):
    return Bake(launch, {"bake": 3, "bake_requests": 50, "bake_checks": [], **settings})


def watch(launch, change=lambda engine: None, **settings):
    watching = made(launch, **settings)
    launch.is_stopped = lambda: change(launch.engine) or False
    return watching.watch()


def test_a_release_that_fails_more_than_the_one_before_is_bad(launch):
    launch.engine.old = [UVICORN % 200] * 500
    launch.engine.new = [UVICORN % 200] * 90 + [UVICORN % 500] * 10
    with pytest.raises(ComposeError, match=r"web: 10 of 100 requests to the new release failed, before it was 0 of 500\n  10 x 500 /pay"):
        watch(launch)


def test_one_that_fails_as_the_one_before_did_is_not(launch):
    launch.engine.old = [UVICORN % 200] * 450 + [UVICORN % 500] * 50
    launch.engine.new = [UVICORN % 200] * 90 + [UVICORN % 500] * 10
    assert watch(launch) == ("good", "10 of 100 requests failed")


def test_too_few_requests_decide_nothing(launch):
    assert watch(launch)[0] == "undecided"
    launch.engine.new = [UVICORN % 200] * 3
    assert watch(launch) == ("undecided", "too few requests came to judge it (3 of 50)")


def test_a_container_that_is_started_again_or_unhealthy_is_bad(launch):
    with pytest.raises(ComposeError, match=r"service web \(shop-web-1\) does not stay up"):
        watch(launch, lambda engine: setattr(engine, "restarts", 1))
    launch.engine.restarts, launch.engine.state = 0, {"Status": "running", "Health": {"Status": "unhealthy"}}
    with pytest.raises(ComposeError, match="is unhealthy"):
        watch(launch)


def test_an_address_of_the_users_own_counts(launch):
    with pytest.raises(ComposeError, match="http://127.0.0.1:9/up of compose_app_bake_checks"):
        watch(launch, bake_checks=["http://127.0.0.1:9/up?token=secret"])


def test_without_seconds_nothing_is_read(launch):
    launch.engine.logs = None
    assert made(launch, bake=0).watch() is None
