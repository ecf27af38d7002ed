"""What gunicorn's configuration has a worker do before it takes requests."""
from __future__ import annotations

import gc
import os
import threading
import time
import types
from pathlib import Path

import jinja2
import pytest

ROLE = Path(__file__).parents[2] / "roles/django_app"
REQUEST = {"PATH_INFO": "/health/", "QUERY_STRING": "", "HTTP_HOST": "www.example.com", "HTTP_X_FORWARDED_PROTO": "https"}


def configuration(*, gunicorn_timeout=30, **variables):
    environment = jinja2.Environment(trim_blocks=True, undefined=jinja2.ChainableUndefined)
    environment.filters.update(comment=lambda text: "# %s" % text, to_json=repr, int=int)
    text = environment.from_string((ROLE / "templates/gunicorn.conf.py.j2").read_text()).render(
        ansible_managed="", app_dir="/opt/mysite", gunicorn_workers=2, gunicorn_timeout=gunicorn_timeout, gunicorn_graceful_timeout=30,
        __django_app_first_request=REQUEST, **{"django_app_strategy": "slots", "django_app_load_django_once": True, **variables},
    )
    space = {}
    exec(compile(text, "gunicorn.conf.py", "exec"), space)
    return space


class Worker:
    def __init__(self, application, age=3):
        """:param age: gunicorn counts the workers that it starts from 1. By default one that took another's place."""
        self.age = age
        self.asked, self.closed, self.warnings, self.headers = [], [], [], []
        self.sockets = [types.SimpleNamespace(getsockname=lambda: "/run/mysite/blue.sock")]
        self.application = application
        self.log = types.SimpleNamespace(warning=lambda message, *values: self.warnings.append(message % values))

    def wsgi(self, environ, start_response):
        self.asked.append(environ)
        start_response("200 OK", [])
        return self.application(self)


class Answer:
    def __init__(self, worker):
        self.worker = worker

    def __iter__(self):
        yield b"well"

    def close(self):
        self.worker.closed.append(True)


def test_a_worker_answers_before_it_takes_requests_the_second_time_where_it_will_answer_visitors():
    threads = []

    def answered(worker):
        threads.append(threading.current_thread())
        return Answer(worker)

    worker = Worker(answered)
    configuration()["post_worker_init"](worker)
    for asked in worker.asked:
        assert {name: asked[name] for name in REQUEST} == REQUEST
        assert (asked["REQUEST_METHOD"], asked["wsgi.input"].read()) == ("GET", b"")
    assert worker.closed == [True, True]
    assert [thread is threading.main_thread() for thread in threads] == [False, True]


def test_a_worker_whose_first_answer_took_long_gives_no_second_one(monkeypatch):
    config = configuration()
    monkeypatch.setitem(config, "SOON", 0)
    worker = Worker(Answer)
    config["post_worker_init"](worker)
    assert len(worker.asked) == 1


def test_an_answer_that_fails_keeps_no_worker_from_starting():
    def broken(worker):
        raise RuntimeError("no database")

    worker = Worker(broken)
    configuration()["post_worker_init"](worker)
    assert set(worker.warnings) == {"The first answer failed: no database"}


@pytest.mark.parametrize(("timeout", "seconds"), [(30, 5), (4, 2), (0, 5)])
def test_an_answer_that_does_not_come_is_not_waited_for(monkeypatch, timeout, seconds):
    config = configuration(gunicorn_timeout=timeout)
    joined = []
    monkeypatch.setattr(config["threading"].Thread, "join", lambda thread, timeout=None: joined.append(timeout))
    worker = Worker(lambda worker: time.sleep(1))
    config["post_worker_init"](worker)
    assert joined == [seconds]
    assert len(worker.asked) == 1


def started(config, age):
    """A worker that starts, and when it takes requests."""
    ready = threading.Event()

    def start():
        config["post_worker_init"](Worker(Answer, age))
        ready.set()

    threading.Thread(target=start, daemon=True).start()
    return ready


def test_workers_that_start_together_take_requests_together():
    config = configuration()
    first = started(config, 1)
    assert not first.wait(0.3)
    second = started(config, 2)
    assert second.wait(5) and first.wait(5)


def test_a_worker_that_takes_another_ones_place_waits_for_nobody():
    assert started(configuration(), 3).wait(5)


def test_a_worker_that_never_starts_is_not_waited_for(monkeypatch):
    config = configuration()
    monkeypatch.setitem(config, "READY", 0.2)
    assert started(config, 1).wait(5)


def test_an_answer_tells_its_slot_and_release(monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: "/opt/mysite/releases/20260102T030405Z-0123456/site")
    worker = Worker(Answer)
    configuration()["post_worker_init"](worker)
    told = []
    worker.wsgi({}, lambda status, headers, *error: told.extend(headers))
    assert told == [("X-Slot", "blue"), ("X-Release", "20260102T030405Z-0123456")]


def test_an_asgi_application_is_not_asked_and_tells_them_too(monkeypatch):
    monkeypatch.setattr("os.getcwd", lambda: "/opt/mysite/releases/20260102T030405Z-0123456")
    worker = Worker(Answer)
    worker.config = types.SimpleNamespace(headers=[])
    configuration(django_app_asgi="mysite.asgi:application")["post_worker_init"](worker)
    assert worker.asked == []
    assert worker.config.headers == [("X-Slot", "blue"), ("X-Release", "20260102T030405Z-0123456")]


@pytest.mark.parametrize(("pid", "sockets", "expected"), [(1, "1", "1"), (4711, "1", "4711"), (1, None, "4711")])
def test_the_sockets_of_systemd_are_taken_by_a_process_with_ids_of_its_own(monkeypatch, pid, sockets, expected):
    monkeypatch.setattr("os.getpid", lambda: pid)
    monkeypatch.setenv("LISTEN_PID", "4711")
    monkeypatch.delenv("LISTEN_FDS", raising=False)
    if sockets:
        monkeypatch.setenv("LISTEN_FDS", sockets)
    configuration()
    assert os.environ["LISTEN_PID"] == expected


@pytest.mark.parametrize(("strategy", "asgi", "seconds"), [("slots", "mysite.asgi:application", 10), ("restart", "mysite.asgi:application", 30), ("slots", "", 30)])
def test_what_was_waited_for_before_the_stop_gets_little_more(strategy, asgi, seconds):
    assert configuration(django_app_strategy=strategy, django_app_asgi=asgi)["graceful_timeout"] == seconds


def starting(config, installed=()):
    """What is imported when gunicorn starts, each with the settings module that it would see, in an environment that has the packages *installed*."""
    imported, left = [], []

    def import_module(name):
        imported.append((name, os.environ.get("DJANGO_SETTINGS_MODULE")))
        if name.endswith("postgresql.base"):
            raise ImportError("no psycopg")

    find = types.SimpleNamespace(find_spec=lambda name: name if name in installed else None)
    config["importlib"] = types.SimpleNamespace(import_module=import_module, util=find)
    config["on_starting"](types.SimpleNamespace(log=types.SimpleNamespace(debug=lambda message, *values: left.append(message % values))))
    return imported, left


@pytest.mark.parametrize(("asgi", "kind"), [("", "wsgi"), ("mysite.asgi:application", "asgi")])
def test_django_is_imported_once_and_sees_no_settings_then(monkeypatch, asgi, kind):
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "mysite.settings")
    imported, left = starting(configuration(django_app_asgi=asgi))
    assert ("django.core.handlers." + kind, None) in imported
    assert all(name.startswith("django.") and seen is None for name, seen in imported)
    assert left == ["django.db.backends.postgresql.base is left to the workers: no psycopg"]
    assert os.environ["DJANGO_SETTINGS_MODULE"] == "mysite.settings"


@pytest.mark.parametrize("package", ["newrelic", "gevent"])
def test_where_a_package_has_to_come_before_django_each_worker_imports_it(package):
    assert starting(configuration(), [package]) == ([], [])


def test_where_no_settings_are_named_none_are_afterwards(monkeypatch):
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    starting(configuration())
    assert "DJANGO_SETTINGS_MODULE" not in os.environ


def test_what_is_shared_is_not_looked_through_for_what_could_go():
    before = gc.get_freeze_count()
    try:
        starting(configuration())
        assert gc.isenabled() and gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_the_workers_start_one_right_after_the_other():
    server = types.SimpleNamespace(num_workers=3, WORKERS={}, started=0)

    def spawn_worker():
        server.started += 1

    server.spawn_worker = spawn_worker
    configuration()["when_ready"](server)
    assert server.started == 3


def test_a_gunicorn_that_starts_workers_in_another_way_does_so():
    configuration()["when_ready"](types.SimpleNamespace())


def test_a_project_that_comes_before_django_turns_that_off():
    assert "on_starting" not in configuration(django_app_load_django_once=False)
