"""What a bake of container mode reads of what services print, and what it makes of it."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import bake
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.bake import Bake, Printed, entries_of, misplaced, seen_here
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import last_lines, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import rule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import Elsewhere

NGINX = '172.18.0.1 - - [27/Nov/2026:06:58:14 +0000] "GET /a?token=secret HTTP/1.1" %d 120 "-" "a browser" "-"'
UVICORN = 'INFO:     172.18.0.1:4711 - "POST /pay HTTP/1.1" %d Internal Server Error'


@pytest.mark.parametrize(("line", "expected"), [
    (NGINX % 502, ("/a", 502, True)),
    (UVICORN % 500, ("/pay", 500, True)),
    ('10.0.0.1 - - [27/Nov/2026:06:58:14 +0000] "GET / HTTP/2.0" 304 0', ("/", 304, False)),
    ('web-1  | 1.2.3.4 - "GET / HTTP/1.1" 200 OK', ("/", 200, False)),
])
def test_a_request_is_found_as_servers_print_it(line, expected):
    (found,) = entries_of(["starting", line, "ended"])
    assert (found.path, found.status, found.failed) == expected


def test_other_lines_are_none():
    assert entries_of(["Listening at: http://0.0.0.0:8000", 'said "GET well soon" 500 times', '"GET / HTTP/1.1" 99999']) == []


class Engine:
    def __init__(self):
        self.old, self.new, self.restarts, self.state = [], [], 0, {"Status": "running"}

    def containers(self, project):
        return [{"Id": "1", "Labels": {"com.docker.compose.service": "web"}}, {"Id": "2", "Labels": {"com.docker.compose.service": "stranger"}}]

    def logs(self, identifier, lines, since, timestamps):
        assert identifier == "1"
        assert timestamps
        return "".join("1970-01-01T00:01:40.%09dZ %s\n" % (number, line) for number, line in enumerate(self.new if since else self.old))

    def container(self, identifier):
        return {"Id": "1", "Name": "/shop-web-1", "RestartCount": self.restarts, "State": self.state, "Config": {"Labels": {"com.docker.compose.service": "web"}}}


class Launch:
    name, services = "shop", {"web": {}}

    def __init__(self):
        self.engine = Engine()
        self.is_stopped = lambda: False

    def inspect(self):
        return [self.engine.container("1")]

    def last_words(self, containers):
        return ["The last log lines of %s:\nKeyError" % container["Name"] for container in containers]


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
    clock = Clock()
    monkeypatch.setattr(bake, "time", clock)
    monkeypatch.setattr(rule, "time", clock)
    return Launch()


def made(launch, elsewhere=(), **settings):
    asked = []

    def ask(seconds, service):
        asked.append(service)
        return list(elsewhere)

    launch.asked = asked
    return Bake(launch, {"bake": 3, "bake_wait": 0, "bake_requests": 50, "bake_failures": 0.5, "bake_checks": [], **settings}, ask)


def watch(launch, change=lambda engine: None, **settings):
    watching = made(launch, **settings)
    launch.is_stopped = lambda: change(launch.engine) or False
    return watching.watch()


def test_a_release_that_fails_more_than_the_one_before_is_bad(launch):
    launch.engine.old = [UVICORN % 200] * 500
    launch.engine.new = [UVICORN % 200] * 90 + [UVICORN % 500] * 10
    with pytest.raises(ComposeError, match=r"web: 10 of 100 requests to the new release failed, before it was 0 of 500\n  10 x 500 /pay\nThe last log lines of /shop-web-1:\nKeyError"):
        watch(launch)


def test_one_that_fails_as_the_one_before_did_is_not(launch):
    launch.engine.old = [UVICORN % 200] * 450 + [UVICORN % 500] * 50
    launch.engine.new = [UVICORN % 200] * 90 + [UVICORN % 500] * 10
    assert watch(launch)[1].endswith("good: 10 of 100 requests failed")
    assert launch.asked == [], "nobody is asked while all is well"


def test_one_that_fails_as_other_hosts_do_with_the_release_before_is_not_either(launch):
    launch.engine.old = [UVICORN % 200] * 500
    launch.engine.new = [UVICORN % 200] * 90 + [UVICORN % 500] * 10
    assert watch(launch, elsewhere=[Elsewhere(11, 100, 0, 500, None)])[0] == "undecided"
    assert set(launch.asked) == {"web"}
    with pytest.raises(ComposeError, match="10 of 100 requests to the new release failed"):
        watch(launch, elsewhere=[Elsewhere(0, 100, 0, 500, None)])


def test_what_a_host_sees_for_another_is_of_one_service(launch):
    launch.engine.old, launch.engine.new = [UVICORN % 200] * 90 + [UVICORN % 500] * 10, [UVICORN % 500] * 10
    found = seen_here(launch.engine, "shop", "web", 1)
    assert (found.failed, found.count, found.failed_before, found.count_before) == (10, 10, 0, 90)
    assert seen_here(launch.engine, "shop", "other", 1).count == 0


def test_a_log_is_read_on_from_where_it_was(launch):
    asked = []

    def logs(identifier, lines, since, timestamps):
        asked.append(since)
        # By whole seconds, so that what was read comes again.
        return "".join("1970-01-01T00:01:%02d.%dZ %s\n" % (40 + number // 4, number % 4, UVICORN % 200) for number in range(4 * len(asked)) if 100 + number // 4 >= int(since))

    launch.engine.logs = logs
    printed = Printed(launch.engine, "shop", {"web": {}}, 100.05)
    assert [len(printed.read()["web"]) for _ in range(3)] == [3, 7, 11]
    assert asked == [pytest.approx(100.05), pytest.approx(100.3), pytest.approx(101.3)]


def test_a_run_that_is_dead_is_noticed_between_checks(launch):
    asked = []
    launch.call = lambda *arguments, **options: asked.append(arguments) or (0, "", "")
    watching = made(launch, bake_checks=["web one", "web two", "web three"])
    launch.is_stopped = lambda: len(asked) == 2
    assert watching.failed_command() is None
    assert [command for *_, command in asked] == ["one", "two"]


def test_too_few_requests_decide_nothing(launch):
    assert watch(launch)[0] == "undecided"
    launch.engine.new = [UVICORN % 200] * 3
    assert watch(launch)[1].endswith("undecided: too few requests came to judge it (3 of 50)")


def test_a_container_that_is_started_again_or_unhealthy_is_bad(launch):
    with pytest.raises(ComposeError, match=r"service web \(shop-web-1\) does not stay up"):
        watch(launch, lambda engine: setattr(engine, "restarts", 1))
    launch.engine.restarts, launch.engine.state = 0, {"Status": "running", "Health": {"Status": "unhealthy"}}
    with pytest.raises(ComposeError, match="is unhealthy"):
        watch(launch)


def test_an_address_of_the_users_own_counts(launch):
    with pytest.raises(ComposeError, match="http://127.0.0.1:9/up of compose_app_bake_checks"):
        watch(launch, bake_checks=["http://127.0.0.1:9/up?token=secret"])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ((3, b"queue: 900 wait\n"), r"web python manage.py queue --most '1 2' of compose_app_bake_checks: it ended with 3\nqueue: 900 wait"),
        ((None, b""), "of compose_app_bake_checks: it did not end within 10 s"),
        ((0, b"fine"), None),
    ],
)
def test_a_command_of_the_users_own_runs_in_the_container_of_its_service(launch, answer, why):
    asked = []

    def call(*arguments, timeout, output):
        asked.append(arguments)
        output(answer[1])
        return answer[0], "", ""

    launch.call = call
    checks = ["web python manage.py queue --most '1 2'"]
    if why:
        with pytest.raises(ComposeError, match=why):
            watch(launch, bake_checks=checks)
    else:
        watch(launch, bake_checks=checks)
    assert set(asked) == {("exec", "-T", "web", "python", "manage.py", "queue", "--most", "1 2")}


def test_a_command_that_prints_without_end_costs_no_memory(launch, monkeypatch):
    # A container that was taken over answers as it likes; the engine passes on all of it.
    monkeypatch.setattr(bake, "COMMAND_SECONDS", 2)
    kept = []
    monkeypatch.setattr(bake, "last_lines", lambda text, count: kept.append(text) or last_lines(text, count))
    launch.call = lambda *arguments, **streams: run(["sh", "-c", "yes 0123456789 | tr -d '\\n'"], {"PATH": "/usr/bin:/bin"}, **streams)
    with pytest.raises(ComposeError, match="it did not end within 2 s") as found:
        watch(launch, bake_checks=["web python manage.py queue"])
    assert 0 < len(kept[0]) < 200_000
    assert len(str(found.value)) < 5000


def test_a_command_names_a_service_of_the_project():
    checks = ["https://example.org/up", "web python manage.py check", "worker celery inspect ping"]
    assert misplaced(checks, {"web": {}, "worker": {}}) is None
    assert misplaced(checks, {"web": {}, "db": {}}).startswith(
        "worker celery inspect ping of compose_app_bake_checks begins with worker, and the services of this project are db, web: name the one"
    )


def test_without_seconds_nothing_is_read(launch):
    launch.engine.logs = None
    assert made(launch, bake=0).watch() is None
