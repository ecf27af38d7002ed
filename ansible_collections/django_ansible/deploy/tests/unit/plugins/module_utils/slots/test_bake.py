"""What a bake reads of nginx's log, and what it makes of it."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.watch import failing_paths
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import bake
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.bake import Bake, Log, parse, sides

OLD, NEW = "20260101T000000Z-0000000", "20260102T000000Z-1111111"


def line(path="/", status=200, seconds="0.010", slot="blue", release=OLD):
    return (
        '127.0.0.1 - - [27/Nov/2026:06:58:14 +0000] "GET %s HTTP/1.1" %d 120 "-" "a \\"browser\\" upstream=9" host=shop.example time=0.011 upstream=%s slot=%s release=%s id=abc\n'
        % (path, status, seconds, slot, release)
    )


def test_a_line_is_read_by_the_form_that_nginx_is_given():
    found = parse(line("/a?token=secret", 502, "0.250", "green", NEW))
    assert (found.path, found.status, found.seconds, found.release, found.failed, found.second) == ("/a", 502, 0.25, NEW, True, "27/Nov/2026:06:58:14 +0000")
    assert parse(line(seconds="-", slot="-", release="-")) is None, "a file that nginx answered with itself"
    assert parse(line().replace("a \\\"browser\\\"", "django-ansible-deploy").replace(" upstream=9", "")) is None, "a health check"
    assert parse("something else\n") is None
    # Nobody answered: the time is known, the release is not.
    assert parse(line(status=502, seconds="0.001", slot="-", release="-")).release == "-"
    # It was tried again.
    assert parse(line(seconds="0.001, 0.250", release=NEW)).release == NEW


def test_what_no_release_answered_is_the_new_ones():
    new, old = sides([parse(line(release=NEW)), parse(line(release=OLD)), parse(line(status=502, slot="-", release="-"))], NEW)
    assert [entry.release for entry in new] == [NEW, "-"]
    assert [entry.release for entry in old] == [OLD]


def test_paths_that_fail_most_come_first():
    entries = [parse(line("/page/%d" % (number % 7), 500)) for number in range(20)] + [parse(line("/", 200))] * 50
    said = failing_paths(entries).strip().splitlines()
    assert len(said) == 5
    assert said[0].strip() == "3 x 500 /page/0"


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A bake of three looks whose log grows by what a test says, with no systemd around it."""
    monkeypatch.setattr(bake.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(bake, "EVERY", 0.001)
    path = tmp_path / "access.log"
    path.write_text("".join(line() for _ in range(400)))

    def watch(more, before=None, checks=(), restarts="0"):
        if before is not None:
            path.write_text(before)
        log = Log(str(path))
        with open(path, "a", encoding="utf-8") as file:
            file.write(more)
        monkeypatch.setattr(bake.systemd, "show_each", lambda units, *names: {unit: {"ActiveState": "active", "SubState": "running", "NRestarts": restarts} for unit in units})
        monkeypatch.setattr(bake, "run", lambda argv, **options: "")
        return Bake(log, NEW, ["shop@green.service"], 0, 50, list(checks), lambda: False).watch()

    return watch


def test_a_good_release_stays(watched):
    assert watched("".join(line(release=NEW) for _ in range(100))) == ("good", "0 of 100 requests failed")


def test_one_that_fails_its_visitors_is_bad_and_says_where(watched):
    with pytest.raises(CommandFailed, match=r"(?s)30 of 200 requests to the new release failed, before it was 0 of 400.*30 x 500 /cart"):
        watched("".join(line(release=NEW) for _ in range(170)) + "".join(line("/cart", 500, release=NEW) for _ in range(30)))


def test_one_that_is_slow_is_bad(watched):
    with pytest.raises(CommandFailed, match="takes 90 ms for a request in the middle, the one before took 10 ms"):
        watched("".join(line(release=NEW, seconds="0.090") for _ in range(100)))


def test_few_requests_decide_nothing(watched):
    assert watched(line(release=NEW))[0] == "undecided"
    assert watched("", before="")[0] == "undecided"


def test_a_unit_that_was_started_again_is_bad(watched):
    with pytest.raises(CommandFailed, match="shop@green.service does not stay up"):
        watched("".join(line(release=NEW) for _ in range(100)), restarts="1")


def test_an_address_of_the_users_own_that_does_not_answer_is_bad(watched):
    with pytest.raises(CommandFailed, match="http://127.0.0.1:9/health of django_app_bake_checks"):
        watched("", checks=["http://127.0.0.1:9/health?key=1"])


@pytest.mark.parametrize(
    ("said", "lost"),
    [
        ("[2026-11-27 06:00:00 +0000] [7] [ERROR] Worker (pid:9) was sent SIGKILL! Perhaps out of memory?", True),
        ("[CRITICAL] WORKER TIMEOUT (pid:9)", True),
        ("[INFO] Autorestarting worker after current request.", False),
        ("[INFO] Worker exiting (pid: 9)", False),
    ],
)
def test_workers_that_nobody_ended(said, lost, tmp_path, monkeypatch):
    monkeypatch.setattr(bake, "run", lambda argv, **options: said + "\n" + said)
    found = Bake(Log(str(tmp_path / "none")), NEW, ["shop@green.service"], 0, 50, [], lambda: False).lost_worker()
    assert bool(found) == lost
