"""The application's environment: as systemd reads it, and what of it is never shown."""
from __future__ import annotations

import contextlib
import json
import subprocess

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import application as module
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import Done, Sandbox

AWKWARD = {
    "PLAIN": "value",
    "URL": "postgres://me:p%40ss%3Aw%2Frd%231%25%24x@db:5432/name",
    "PUNCTUATION": "p@ss:w/rd#1%$x",
    "QUOTES": "it's \"quoted\" `and` back\\slashed",
    "SPACES": "  around and  between ",
    "LINES": "first\nsecond # no comment\nthird=3",
    "EMPTY": "",
    "LONG": "x" * 4096,
    "UNICODE": "grüß–日本",
}


@pytest.mark.parametrize("name", AWKWARD)
def test_env_file_keeps_every_value(tmp_path, name):
    # A POSIX shell reads double quotes as systemd's EnvironmentFile does, so it is an independent reader.
    path = tmp_path / "env"
    path.write_text(Environment(AWKWARD).env_file(), encoding="utf-8")
    read = subprocess.run(["sh", "-c", '. "$1"; printf %s "$' + name + '"', "sh", str(path)], check=True, capture_output=True, text=True).stdout
    assert read == AWKWARD[name]


def test_values_and_their_lines_are_masked():
    environment = Environment({"SECRET_KEY": "topsecret", "CERT": "line one here\nline two here", "SHORT": "abc", "DB_HOST": "database.internal"})
    masked = environment.mask("topsecret line two here abc database.internal")
    assert masked == "*** *** abc database.internal"


def test_longer_secret_is_masked_before_the_one_it_contains():
    assert Environment({"A": "secret", "B": "secret-and-more"}).mask("secret-and-more") == "***"


@pytest.mark.parametrize("name", AWKWARD)
def test_a_credential_is_no_variable(name):
    environment = Environment(AWKWARD, [name])
    assert environment.given_credentials() == {name: AWKWARD[name]}
    assert "\n%s=" % name not in environment.env_file()
    assert all("\n%s=" % other in environment.env_file() for other in AWKWARD if other != name)


def application(monkeypatch, answer, code=0, values=None):
    """One whose sandbox answers so, and what it was asked."""
    asked = []

    def confined(sandbox, argv, **options):
        asked.append((argv, options))
        return Done(code, answer, "Traceback: topsecret\n")

    monkeypatch.setattr(module, "confined", confined)
    return module.Application("/opt/a/releases/r", "web", "/opt/a", Environment(values or {"KEY": "topsecret"}), Sandbox("a", "a", "")), asked


def test_what_a_signal_ended_is_run_again_while_nothing_else_of_the_application_runs(monkeypatch):
    happened = []

    @contextlib.contextmanager
    def alone():
        happened.append("paused")
        yield
        happened.append("on")

    def confined(sandbox, argv, **options):
        happened.append("run")
        return Done(255, "", "") if len(happened) == 1 else Done(0, '{"pages": {}}', "")

    monkeypatch.setattr(module, "confined", confined)
    made = module.Application("/opt/a/releases/r", ".", "/opt/a", Environment({}), Sandbox("a", "a", ""), alone)
    assert made.drive("pages") == {"pages": {}}
    assert happened == ["run", "paused", "run", "on"]


def test_django_is_asked_with_the_environment_and_without_a_secret_in_its_arguments(monkeypatch):
    made, asked = application(monkeypatch, '{"pages": {}}')
    assert made.drive("pages") == {"pages": {}}
    argv, options = asked[0]
    assert argv[:2] == ["/opt/a/releases/r/.venv/bin/python", "-c"]
    assert (options["environment"]["KEY"], options["environment"]["HOME"], options["cwd"]) == ("topsecret", "/opt/a", "/opt/a/releases/r/web")
    assert "topsecret" not in str(argv)


def test_a_home_of_its_own_wins(monkeypatch):
    made, asked = application(monkeypatch, '{"pages": {}}', values={"HOME": "/mine"})
    made.drive("pages")
    assert asked[0][1]["environment"]["HOME"] == "/mine"


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ('{"error": "no"}', 1, "no"),
        ("", 3, "Django ended with 3, without an answer"),
        ("", 255, "Django was ended by a signal, without an answer"),
        ("no json", 0, "its answer is not one"),
        ("[1]", 0, "Django's answer is not one"),
    ],
)
def test_a_failure_is_told_with_what_was_printed_and_no_secret(monkeypatch, answer, code, words):
    made, _ = application(monkeypatch, answer, code)
    with pytest.raises(CommandFailed, match=words) as failed:
        made.drive("plan")
    assert "Traceback: ***" in str(failed.value)


def test_a_credential_is_masked_like_any_value():
    assert Environment({"KEY": "topsecret"}, ["KEY"]).mask("a topsecret") == "a ***"


@pytest.mark.parametrize(
    ("argv", "options", "words"),
    [
        (["sh", "-c", "echo cause >&2; exit 3"], {}, "ended with 3:\ncause"),
        (["no-such-command-here"], {}, "is not on this host"),
        (["sleep", "5"], {"timeout": 0.1}, "did not end within"),
    ],
)
def test_failed_command_says_why(argv, options, words):
    with pytest.raises(CommandFailed, match=words):
        run(argv, **options)


@pytest.mark.parametrize(
    ("steps", "answer"),
    [
        (["check"], {}),
        (["check"], {"check": {"warnings": "none"}}),
        (["check", "entry"], {"check": {"warnings": []}, "entry": []}),
        (["plan"], {"plan": {"migrations": [7]}}),
        (["plan"], {"plan": {"migrations": [], "database": {"vendor": "postgresql", "parameters": {"dbname": "a\0b"}}}}),
        (["database"], {"database": {"vendor": "postgresql", "size": "1"}}),
        (["database"], {"database": {"vendor": "postgresql", "parameters": {"port": 5432}}}),
        (["ready"], {"ready": {"errors": [], "migrations": []}}),
        (["pages"], []),
    ],
)
def test_what_the_project_answers_itself_is_one_sentence(monkeypatch, steps, answer):
    made, _ = application(monkeypatch, json.dumps(answer))
    with pytest.raises(CommandFailed, match="^(the project's own code answers in the place of the deploy's about %s|Django's answer is not one)" % steps[-1]):
        made.drive(*steps)


def test_an_answer_in_order_is_given_as_it_is(monkeypatch):
    answer = {
        "settings": {"text": "", "warnings": [], "uses_given_key": True}, "check": {"warnings": ["x"]}, "unapplied": {"migrations": None},
        "plan": {"migrations": ["a.0001"], "database": {"vendor": "sqlite", "size": 7, "parameters": {"dbname": ""}}, "copy": {"vendor": "sqlite", "applied": [["a", "0001"]], "name": "x"}},
    }
    made, _ = application(monkeypatch, json.dumps(answer))
    assert made.drive("check", "unapplied", "plan", host={}) == answer


@pytest.mark.parametrize(
    ("told", "applied"),
    [(["shop.0001_initial"], ["shop.0001_initial"]), ([], []), (None, []), ("shop.0001_initial", []), (["::error::\n"], []), (["x.y"] * 3000, [])],
)
def test_a_failure_has_the_migrations_that_were_applied_before_it(monkeypatch, told, applied):
    made, _ = application(monkeypatch, json.dumps({"error": "migrate failed: no", "applied": told}))
    with pytest.raises(CommandFailed) as failed:
        made.drive("migrate")
    assert failed.value.applied == applied
