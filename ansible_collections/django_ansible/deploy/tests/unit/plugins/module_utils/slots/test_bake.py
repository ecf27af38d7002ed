"""What a bake reads of nginx's log, and what it makes of it."""
from __future__ import annotations

import time
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import rule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import Elsewhere
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.processor_waits import Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.watch import failing_paths, requests_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import bake, returning
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.bake import Bake, Log, parse, seen_here, sides
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

OLD, NEW = "20260101T000000Z-0000000", "20260102T000000Z-1111111"
SETTINGS = {"bake": 0, "bake_wait": 0, "bake_requests": 50, "bake_failures": 0.5, "bake_slower": 2.0, "bake_checks": []}


def line(path="/", status=200, seconds="0.010", slot="blue", release=OLD, moment="27/Nov/2026:06:58:14 +0000"):
    return (
        '127.0.0.1 - - [%s] "GET %s HTTP/1.1" %d 120 "-" "a \\"browser\\" upstream=9" host=shop.example time=0.011 upstream=%s slot=%s release=%s id=abc\n'
        % (moment, path, status, seconds, slot, release)
    )


def at(seconds_ago, **more):
    return line(moment=time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(time.time() - seconds_ago)), **more)


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


def clock(monotonic):
    return SimpleNamespace(monotonic=monotonic, time=lambda: 1000.0, sleep=lambda seconds: None)


@pytest.fixture
def watched(tmp_path, monkeypatch):
    """A bake of one look whose log grows by what a test says, with no systemd around it."""
    monkeypatch.setattr(rule, "time", clock(time.monotonic))
    path = tmp_path / "access.log"
    path.write_text("".join(line() for _ in range(400)))

    def watch(more, before=None, checks=(), restarts="0", elsewhere=(), counts=OLD.__eq__):
        if before is not None:
            path.write_text(before)
        log = Log(str(path))
        with open(path, "a", encoding="utf-8") as file:
            file.write(more)
        monkeypatch.setattr(bake.systemd, "show_each", lambda units, *names: {unit: {"ActiveState": "active", "SubState": "running", "NRestarts": restarts} for unit in units})
        monkeypatch.setattr(bake, "run", lambda argv, **options: "")
        return Bake(
            log, Waits(""), NEW, "shop@green.service", ["shop-worker-green@1.service"], {**SETTINGS, "bake_checks": list(checks)}, lambda: False,
            lambda seconds: list(elsewhere), lambda command: "it ended with 1" if command.startswith("bad") else None, counts,
        ).watch()

    return watch


def test_other_hosts_look_back_to_when_traffic_moved(tmp_path):
    """As the requests that they are compared with. Processes are waited for in between: in what is left of a first look few hosts have as many requests as they need to be heard."""
    log, asked = Log(str(tmp_path / "access.log")), []
    log.begun -= 6
    (tmp_path / "access.log").write_text("".join(line(status=500, release=NEW) for _ in range(100)))
    Bake(log, Waits(""), NEW, "", [], SETTINGS, lambda: False, lambda seconds: asked.append(seconds) or [], str, OLD.__eq__).look(requests_of([]), requests_of([]))
    assert [round(seconds) for seconds in asked] == [6]


def test_a_good_release_stays(watched):
    assert watched("".join(line(release=NEW) for _ in range(100))) == ("good", "watched for 0 s, good: 0 of 100 requests failed")


def test_one_that_fails_its_visitors_is_bad_and_says_where(watched):
    with pytest.raises(CommandFailed, match=r"(?s)30 of 200 requests to the new release failed, before it was 0 of 400.*30 x 500 /cart"):
        watched("".join(line(release=NEW) for _ in range(170)) + "".join(line("/cart", 500, release=NEW) for _ in range(30)))


def test_one_that_is_slow_is_bad(watched):
    with pytest.raises(CommandFailed, match="takes 90 ms for a request in the middle, the one before took 10 ms"):
        watched("".join(line(release=NEW, seconds="0.090") for _ in range(100)))


def test_one_that_comes_right_after_a_crowd_is_compared_with_what_the_release_before_took_of_it(watched):
    """The release before answered as many as quickly at other times, and how many wait is in no log."""
    usual = at(400, seconds="0.080") * 60 + at(399, seconds="0.080") * 55
    crowd = at(2, seconds="0.250") * 42 + at(1, seconds="0.250") * 44
    now = at(0, release=NEW, seconds="0.240") * 60
    with pytest.raises(CommandFailed, match="takes 240 ms for a request in the middle, the one before took 80 ms"):
        watched(now, before=usual)
    verdict, said = watched(now, before=usual + crowd)
    assert (verdict, "took 250 ms in the last 10 s before traffic moved" in said) == ("undecided", True)
    with pytest.raises(CommandFailed, match="takes 750 ms for a request in the middle"):
        watched(at(0, release=NEW, seconds="0.750") * 60, before=usual + crowd)
    # It had gone long before; it was that of a release that failed here; and it says nothing of what comes much later.
    with pytest.raises(CommandFailed, match="takes 240 ms"):
        watched(now, before=usual + at(20, seconds="0.250") * 42)
    with pytest.raises(CommandFailed, match="takes 240 ms"):
        watched(now, before=usual + at(2, seconds="0.250", release="20260101T120000Z-2222222") * 42)
    with pytest.raises(CommandFailed, match="takes 240 ms"):
        watched(at(-11, release=NEW, seconds="0.240") * 60, before=usual + crowd)


def test_the_same_release_with_another_environment_is_compared_with_itself(watched):
    """A site of which one request in twenty fails whatever it runs with lost each change of a variable."""
    some_fail = "".join(line(status=500 if number % 20 == 0 else 200, release=NEW) for number in range(400))
    with pytest.raises(CommandFailed, match="20 of 400 requests to the new release failed"):
        watched(some_fail, before=some_fail)
    assert watched(some_fail, before=some_fail, counts=NEW.__eq__)[0] == "good"


def test_what_no_release_answered_is_that_of_the_one_that_was_live_then(watched):
    """As a worker that is killed for its time, or a server's own page for an error."""
    nobody = line(status=502, slot="-", release="-")
    before = "".join(nobody if number % 20 == 0 else line() for number in range(400))
    more = "".join(nobody if number % 20 == 0 else line(release=NEW) for number in range(400))
    assert watched(more, before=before)[0] == "good"
    with pytest.raises(CommandFailed, match="20 of 400 requests to the new release failed, before it was 0 of 400"):
        watched(more, before="".join(line() for _ in range(400)))


def test_one_that_failed_here_before_is_no_excuse_for_the_next(watched):
    failed = "20260101T120000Z-2222222"
    before = "".join(line() for _ in range(400)) + "".join(line(status=500, release=failed) for _ in range(60)) + "".join(line(status=502, slot="-", release="-") for _ in range(9))
    more = "".join(line(status=500 if number % 20 == 0 else 200, release=NEW) for number in range(400))
    assert watched(more, before=before, counts=lambda release: True)[0] == "good"
    with pytest.raises(CommandFailed, match="20 of 400 requests to the new release failed, before it was 0 of 400"):
        watched(more, before=before)


def test_one_that_fails_as_other_hosts_do_with_the_release_before_stays_and_says_so(watched):
    more = "".join(line("/cart", 500, release=NEW) for _ in range(30)) + "".join(line(release=NEW) for _ in range(70))
    verdict, said = watched(more, elsewhere=[Elsewhere(33, 100, 0, 400, None), Elsewhere(25, 90, 0, 400, None)])
    assert verdict == "undecided"
    assert said == "watched for 0 s, undecided: 30 of 100 requests failed, and so did 58 of 190 to the release before on other hosts: it is not this release alone"
    with pytest.raises(CommandFailed, match="30 of 100 requests to the new release failed"):
        watched(more, elsewhere=[Elsewhere(0, 100, 0, 400, None), Elsewhere(25, 90, 0, 400, None)])


def grow(path, *lines):
    with open(path, "a", encoding="utf-8") as file:
        file.write("".join(lines))


def paths(log):
    return [entry.path for entry in log.since()]


def test_a_log_is_read_on_from_where_it_was(tmp_path, monkeypatch):
    path = tmp_path / "access.log"
    path.write_text(line("/before") * 3)
    log = Log(str(path))
    assert paths(log) == []
    grow(path, line("/a"), line("/b")[:40])
    assert paths(log) == ["/a"]
    grow(path, line("/b")[40:])
    monkeypatch.setattr(bake, "parse", lambda text, once=bake.parse: once(text) if "/a " not in text else pytest.fail("read again"))
    assert paths(log) == ["/a", "/b"]
    assert [entry.path for entry in log.before()] == ["/before"] * 3


@pytest.mark.parametrize("empties", [False, True])
def test_a_log_that_is_rotated_goes_on_in_the_new_file(tmp_path, empties):
    path = tmp_path / "access.log"
    path.write_text(line("/before") * 3)
    log = Log(str(path))
    grow(path, line("/a"))
    assert paths(log) == ["/a"]
    if empties:
        path.write_text("")
    else:
        # nginx writes to the one before until it is told.
        path.rename(tmp_path / "access.log.1")
        grow(tmp_path / "access.log.1", line("/b"))
    grow(path, line("/c"))
    assert paths(log) == (["/a", "/c"] if empties else ["/a", "/b", "/c"])


def test_what_nginx_still_writes_to_the_log_before_is_read_until_it_goes_over_to_the_new_one(tmp_path):
    path = tmp_path / "access.log"
    path.write_text(line("/before"))
    log = Log(str(path))
    path.rename(tmp_path / "access.log.1")
    path.touch()  # logrotate makes it, and then tells nginx.
    assert paths(log) == []
    grow(tmp_path / "access.log.1", line("/a"))
    assert paths(log) == ["/a"]
    grow(path, line("/b"))
    assert paths(log) == ["/a", "/b"]


def test_a_log_that_is_away_for_a_moment_is_waited_for(tmp_path, monkeypatch):
    path = tmp_path / "access.log"
    path.write_text(line("/before"))
    log = Log(str(path))
    path.rename(tmp_path / "access.log.1")
    grow(path, line("/a"))
    # Between the look at the name and the opening of it, it is gone again.
    once = bake.os.stat
    monkeypatch.setattr(bake.os, "stat", lambda name: (once(name), path.unlink())[0])
    assert paths(log) == []


def test_a_log_that_was_rotated_just_now_says_with_the_one_before_how_the_old_release_did(tmp_path):
    """A site with a page that always fails would lose each release that is deployed right after midnight."""
    path, rotated = tmp_path / "access.log", tmp_path / "access.log.1"
    rotated.write_text(line("/older") * 3)
    path.write_text(line("/old") * 2)
    log = Log(str(path))
    assert [entry.path for entry in log.before()] == ["/older"] * 3 + ["/old"] * 2
    # As much in all as without it, and the newest; the first is the rest of a line.
    size = len(line("/old"))
    assert [entry.path for entry in log.before(size * 4)][-3:] == ["/older", "/old", "/old"]
    assert [entry.path for entry in log.before(size * 2)] == ["/old"] * 2
    path.unlink()
    assert [entry.path for entry in Log(str(path)).before()] == ["/older"] * 3
    rotated.write_text(at(100) * 200 + at(3, status=500) * 5)
    path.write_text(at(2, status=500) * 4 + at(1) * 90)
    found = seen_here(str(path), 20, OLD.__eq__)
    assert (found.failed, found.count, found.failed_before, found.count_before) == (9, 99, 0, 200)


def test_a_log_that_nobody_has_written_yet_is_read_once_there_is_one(tmp_path):
    log = Log(str(tmp_path / "access.log"))
    assert (paths(log), log.before()) == ([], [])
    grow(tmp_path / "access.log", line("/a"))
    assert paths(log) == ["/a"]


def test_of_much_that_came_at_once_the_newest_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(bake, "LOOK", 1000)
    path = tmp_path / "access.log"
    log = Log(str(path))
    grow(path, *(line("/%d" % number) for number in range(100)))
    assert paths(log) == ["/95", "/96", "/97", "/98", "/99"]


def test_what_a_host_sees_for_another_is_of_the_same_time_and_not_of_the_release_that_is_watched(tmp_path):
    path = tmp_path / "access.log"
    path.write_text(
        "".join(at(300, seconds="0.010") for _ in range(200)) + "".join(at(100, status=500) for _ in range(3))
        + "".join(at(5, seconds="0.030") for _ in range(80)) + "".join(at(4, status=500, seconds="0.030") for _ in range(9)) + at(3, release=NEW) * 7
    )
    found = seen_here(str(path), 20, OLD.__eq__)
    assert (found.failed, found.count, found.failed_before, found.count_before) == (9, 89, 3, 203)
    assert found.slower == pytest.approx(3)
    nothing = seen_here(str(tmp_path / "none"), 20, OLD.__eq__)
    assert (nothing.failed, nothing.count, nothing.slower) == (0, 0, None)


@pytest.mark.parametrize("live, run, counted", [(OLD, "7-1-a", {OLD}), (NEW, "7-1-a", {OLD}), (NEW, "6-1-a", {NEW}), (OLD, "6-1-a", {OLD})])
def test_what_tells_how_visitors_fare_without_the_release_that_another_host_watches(tmp_path, monkeypatch, live, run, counted):
    failed, unfinished, pruned = "20260101T120000Z-2222222", "20260101T130000Z-3333333", "20250101T000000Z-4444444"
    records = {OLD: {"activated": "x"}, NEW: {"activated": "x"}, failed: {"activated": "x", "bad": True}, unfinished: {"created": "x"}}
    layout = Layout("shop", str(tmp_path), "")
    monkeypatch.setattr(layout, "read_release", lambda name: records.get(name, {}))
    monkeypatch.setattr(layout, "live_release", lambda: live)
    monkeypatch.setattr(returning, "layout_of", lambda params: layout)
    monkeypatch.setattr(returning.undo, "recall", lambda app_name: {"run": run})
    monkeypatch.setattr(returning.bake, "seen_here", lambda path, seconds, counts: {name for name in [*records, pruned] if counts(name)})
    others = set() if counted == {NEW} else {pruned}
    assert returning.look({}, "7-1-a", 20, NEW) == counted | others
    records[OLD] = records[NEW] = {"created": "x"}
    assert returning.look({}, "7-1-a", 20, NEW) == others | ({live} if run != "7-1-a" else set()), "what is live counts whatever was noted of it"


def test_one_that_is_undecided_is_watched_longer_where_it_may_be(watched, monkeypatch):
    monkeypatch.setattr(rule, "time", clock(iter(range(0, 1000, 3)).__next__))
    monkeypatch.setitem(SETTINGS, "bake_wait", 60)
    assert watched(line(release=NEW))[1] == "watched for 60 s, undecided: too few requests came to judge it (1 of 50)"
    assert watched("".join(line(release=NEW) for _ in range(100)))[1].startswith("watched for 3 s, good")


def test_few_requests_decide_nothing(watched):
    assert watched(line(release=NEW))[0] == "undecided"
    assert watched("", before="")[0] == "undecided"


def test_a_unit_that_was_started_again_is_bad(watched):
    with pytest.raises(CommandFailed, match="shop@green.service does not stay up"):
        watched("".join(line(release=NEW) for _ in range(100)), restarts="1")


def test_an_address_of_the_users_own_that_does_not_answer_is_bad(watched):
    with pytest.raises(CommandFailed, match="http://127.0.0.1:9/health of django_app_bake_checks"):
        watched("", checks=["http://127.0.0.1:9/health?key=1"])


def test_a_command_of_the_users_own_that_fails_is_bad(watched):
    assert watched("", checks=["good.py --all"])[0] == "undecided"
    with pytest.raises(CommandFailed, match="bad.py --all of django_app_bake_checks: it ended with 1"):
        watched("", checks=["good.py", "bad.py --all"])


TRACEBACK = "%d.250000 shop python[9]: Traceback (most recent call last):\n%d.250001 shop python[9]:   File tasks.py\n"


@pytest.mark.parametrize(
    ("new", "before", "bad"),
    [(8, 0, True), (3, 0, True), (2, 0, False), (3, 200, False), (8, 300, False), (8, 30, True)],
)
def test_processes_that_print_errors_in_more_seconds_than_before_are_bad(new, before, bad, monkeypatch, tmp_path):
    asked = []

    def journal(argv, **options):
        asked.append(argv)
        count = before if "--until" in argv else new
        return "".join(TRACEBACK % (second, second) for second in range(count)) + TRACEBACK % (count - 1, count - 1) if count else ""

    monkeypatch.setattr(bake, "run", journal)
    monkeypatch.setattr(bake.systemd, "log_since", lambda unit, since, lines: "ValueError: no such job")
    # When the log was noted, and now.
    monkeypatch.setattr(bake, "time", clock(iter([0, 9]).__next__))
    found = Bake(Log(str(tmp_path / "none")), Waits(""), NEW, "", ["shop-worker-green@1.service"], SETTINGS, lambda: False, lambda seconds: [], str, OLD.__eq__).failing_process()
    assert bool(found) == bad
    assert not bad or found == (
        "its processes printed errors in %d of 9 seconds, before it was %d of 600. Last lines of shop-worker-green@1.service:\nValueError: no such job" % (new, before)
    )
    assert new < 3 or {"--unit=shop-worker-blue@*.service", "--unit=shop-worker-green@*.service", "--until", "@1000"} < set(asked[1]), "what the new ones print is not of before"


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
    found = Bake(Log(str(tmp_path / "none")), Waits(""), NEW, "shop@green.service", [], SETTINGS, lambda: False, lambda seconds: [], str, OLD.__eq__).lost_worker()
    assert bool(found) == lost
