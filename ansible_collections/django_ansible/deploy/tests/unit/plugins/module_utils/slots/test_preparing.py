"""The step that prepares a release, with packages that are installed meanwhile and a release that comes up early."""
from __future__ import annotations

import contextlib
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import first_deploy, preparing

NEW = "20260102T030405Z-0123456"
EMPTY = {"vendor": "sqlite", "size": 0, "parameters": {"dbname": "/db"}}
PATIENCE = {"lock_timeout": 3, "lock_tries": 10, "timeout": 0}
FIRST = {"release": NEW, "run_id": "run-1", "host_packages": ["git", "nginx"], "first": {"dump": True, **PATIENCE}, "batches": [["app1"]], "start_early": True}


@pytest.fixture
def host(monkeypatch):
    """A bare one, on which things go wrong by their names."""
    state = SimpleNamespace(did=[], there=[], wrong="", live=None, applied=["shop.0001"], result={}, record={}, found={"changed": True, "unapplied": ["shop.0001"], "empty": EMPTY})

    def does(what, answer=None):
        def do(*_):
            state.did.append(what)
            if state.wrong == what:
                raise CommandFailed(what)
            return answer() if answer else None

        return do

    @contextlib.contextmanager
    def installed_beside(packages):
        yield SimpleNamespace(missing=packages, wait=does("packages") if packages else lambda: None)

    monkeypatch.setattr(preparing, "installed_beside", installed_beside)
    monkeypatch.setattr(preparing, "missing_packages", lambda packages: [name for name in packages if name not in state.there])
    layout = SimpleNamespace(live_slot=lambda: state.live, read_release=lambda release: state.record)
    monkeypatch.setattr(preparing, "layout_of", lambda params: layout)
    monkeypatch.setattr(preparing, "prepare", does("prepare", lambda: state.found))
    monkeypatch.setattr(preparing.front, "try_out", does("nginx"))
    monkeypatch.setattr(preparing.first_deploy, "fill", does("fill", lambda: {"migrations": state.applied, "times": []}))
    monkeypatch.setattr(preparing.first_deploy, "units", lambda params: ["units"])
    monkeypatch.setattr(preparing.early_start, "begin", lambda params, layout, release, first: state.did.append(("start", *first)))
    monkeypatch.setattr(preparing.early_start, "end", does("stop"))

    @contextlib.contextmanager
    def while_run_lives():
        yield
        if state.wrong == "run" and "packages" in state.did:
            raise RunEnded

    lock = SimpleNamespace(while_run_lives=while_run_lives, keeper=lambda: None)
    state.run = lambda check_mode=False, **more: preparing.run({**FIRST, **more}, check_mode, lock, state.result)
    return state


@pytest.mark.parametrize(("there", "changed"), [(["git", "nginx"], True), (["nginx"], True), ([], False)])
def test_a_step_that_fails_has_changed_something_where_packages_came(host, there, changed):
    host.wrong, host.there = "prepare", there
    with pytest.raises(CommandFailed):
        host.run()
    assert host.result["changed"] is changed


def test_a_first_release_comes_up_before_its_packages_are_there(host):
    host.run()
    assert host.did == ["prepare", "fill", ("start", "units"), "packages", "nginx"]
    assert host.result["unapplied"] == []


def test_a_database_with_a_table_is_left_to_the_step_that_dumps_it(host):
    host.found = {"changed": True, "unapplied": ["shop.0001"], "empty": None}
    host.run()
    assert host.did == ["prepare", "packages", "nginx"]


def test_one_that_got_a_table_meanwhile_is_left_to_it_as_well_and_nothing_of_the_database_is_answered(host):
    host.applied = []
    host.run()
    assert host.did == ["prepare", "fill", "packages", "nginx"]
    assert host.result == {"changed": True, "unapplied": ["shop.0001"], "migrations": [], "times": []}


def test_a_host_that_serves_has_its_migrations_in_their_own_step(host):
    host.live = "blue"
    host.run(host_packages=[])
    assert host.did == ["nginx", "prepare"]


@pytest.mark.parametrize("wrong", ["packages", "nginx"])
def test_what_came_up_stops_where_the_host_does_not_get_what_it_needs(host, wrong):
    host.wrong = wrong
    with pytest.raises(CommandFailed, match=wrong):
        host.run()
    assert host.did[-1] == "stop"
    assert host.result["migrations"] == ["shop.0001"]


def test_what_came_up_stops_where_the_run_ends_before_the_host_has_its_packages(host):
    host.wrong = "run"
    with pytest.raises(RunEnded):
        host.run()
    assert host.did == ["prepare", "fill", ("start", "units"), "packages", "stop"]


@pytest.mark.parametrize("run, migrations", [("run-1", ["shop.0001"]), ("run-0", [])])
def test_what_this_run_has_applied_before_its_connection_broke_is_still_its_change(host, run, migrations):
    host.found, host.record = {"changed": False}, {"migrated": {"run": run, "migrations": ["shop.0001"]}}
    host.run()
    assert (host.did, host.result["migrations"]) == (["prepare", "packages", "nginx"], migrations)


def test_nothing_comes_up_without_its_database(host):
    host.wrong = "fill"
    with pytest.raises(CommandFailed):
        host.run()
    assert ("start", "units") not in host.did


def test_several_hosts_leave_the_database_to_the_one_that_leads(host):
    host.run(first=None, batches=[])
    assert host.did == ["prepare", "packages", "nginx"]


def test_a_check_installs_nothing(host):
    host.run(check_mode=True, first=None, batches=[], start_early=False)
    assert host.did == ["prepare"]


def test_a_first_release_gets_the_units_that_suit_the_host(monkeypatch):
    monkeypatch.setattr(first_deploy.systemd, "suited", lambda text: text + " suited")
    files = [{"path": "/%s" % kind, "content": kind, "kind": kind, "mode": "0644"} for kind in ("unit", "gunicorn", "nginx", "plain")]
    units = first_deploy.units({"service": {"files": files}})
    assert [(file.path, file.content) for file in units] == [("/unit", b"unit suited"), ("/gunicorn", b"gunicorn")]


@pytest.fixture
def application(monkeypatch):
    state = SimpleNamespace(asked={}, error=None, full=False, dumped=[], marked={}, ended_with_run=False, answer={"migrations": ["shop.0001"], "times": ["shop.0001 applied in 0.1 s"]})

    def drive(step, **options):
        state.asked = options
        if state.error:
            raise CommandFailed(state.error)
        return {step: state.answer}

    of = SimpleNamespace(drive=drive, environment=SimpleNamespace(mask=lambda text: text.replace("secret", "***")))
    monkeypatch.setattr(first_deploy, "application_of", lambda *_: of)

    def dump(database, *, before, attempt, release):
        if state.full:
            raise CommandFailed("the disk is full")
        assert state.ended_with_run
        state.dumped.append((database, before, attempt, release))
        return {"id": "1"}

    @contextlib.contextmanager
    def while_run_lives():
        state.ended_with_run = True
        yield
        state.ended_with_run = False

    monkeypatch.setattr(first_deploy, "recovery_of", lambda *_: SimpleNamespace(dump=dump))
    state.lock = SimpleNamespace(while_run_lives=while_run_lives, keeper=lambda: None, is_asked_to_stop=lambda: False)
    layout = SimpleNamespace(mark_release=lambda release, **facts: state.marked.update(facts))
    state.fill = lambda database=EMPTY, **more: first_deploy.fill({**FIRST, "first": {**FIRST["first"], **more}}, layout, ["shop.0001"], database, state.lock)
    return state


def test_only_a_database_without_a_table_is_filled_and_it_is_written_down(application):
    assert application.fill() == {"migrations": ["shop.0001"], "times": ["shop.0001 applied in 0.1 s"], "no_dump": ""}
    assert application.dumped == [(EMPTY, ["shop.0001"], NEW, None)]
    # Neither a dump nor a wait for the database outlives the run.
    assert application.asked == {"heard": None, "has_ended": application.lock.is_asked_to_stop, "if_empty": True, **PATIENCE}
    assert application.marked == {"migrated": {"run": "run-1", "migrations": ["shop.0001"]}}


def test_nothing_is_written_down_of_one_with_a_table(application):
    application.answer = {"migrations": []}
    assert (application.fill(), application.marked) == ({"migrations": [], "times": [], "no_dump": ""}, {})


def test_without_the_dump_that_is_wanted_nothing_is_applied(application):
    application.full = True
    with pytest.raises(first_deploy.NotMigrated, match="the disk is full, or set django_app_dump: false"):
        application.fill()
    assert application.asked == {}
    assert application.fill(dump=False)["migrations"] == ["shop.0001"]
    application.full = False
    assert "oracle" in application.fill({"vendor": "oracle"})["no_dump"]


def test_what_django_says_is_told_without_secrets(application):
    application.error = "no such user: secret"
    with pytest.raises(first_deploy.NotMigrated, match=r"was not made ready, and nothing was served before: no such user: \*\*\*"):
        application.fill()
