from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.filter.commands import broken_checks, broken_commands, commands_for

COMMANDS = [
    {"command": "manage.py compilemessages", "phase": "build"},
    {"command": "manage.py compress", "phase": "static", "env": {"LEVEL": 2}},
    {"command": "manage.py createcachetable"},
    {"command": "manage.py warm", "phase": "migrate", "once": False},
    {"command": "manage.py loaddata start", "phase": "first"},
    {"command": "manage.py ping", "phase": "finish"},
]


@pytest.mark.parametrize(
    ("phases", "leads", "expected"),
    [
        (["build", "static"], False, {"build": ["compilemessages"], "static": ["compress"]}),
        (["migrate"], True, {"migrate": ["createcachetable", "warm"]}),
        (["migrate"], False, {"migrate": ["warm"]}),
        (["first", "migrate"], True, {"first": ["loaddata"], "migrate": ["createcachetable", "warm"]}),
        (["finish"], True, {"finish": ["ping"]}),
        (["finish"], False, {}),
    ],
)
def test_each_host_gets_its_own(phases, leads, expected):
    found = commands_for(COMMANDS, phases, leads)
    assert {phase: [entry["command"].split()[1] for entry in entries] for phase, entries in found.items()} == expected


def test_environment_is_text():
    assert commands_for(COMMANDS, ["static"], True)["static"][0]["env"] == {"LEVEL": "2"}


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("manage.py x", "it needs a command"),
        ({"command": " "}, "it needs a command"),
        ({"command": "x", "when": "first"}, "it has when, and only command, env, once, phase are known"),
        ({"command": "x", "phase": "last"}, "phase has to be one of build, static, first, migrate, finish"),
        ({"command": "x", "once": "yes"}, "once has to be true or false"),
        ({"command": "x", "phase": "build", "once": True}, "every host has to run it"),
        ({"command": "x", "env": {"A-B": "1"}}, "env has to be a mapping of variable names"),
        ({"command": "x 'y"}, "open quote"),
    ],
)
def test_what_is_wrong_is_said(entry, words):
    (broken,) = broken_commands([*COMMANDS, entry])
    assert broken["name"] == "django_app_commands, entry 7,"
    assert words in broken["rule"]


def test_values_of_the_environment_are_never_shown():
    (broken,) = broken_commands([{"command": "x", "phase": "y", "env": {"A": "secret"}}])
    assert "secret" not in str(broken)


@pytest.mark.parametrize(
    ("check", "rule"),
    [
        ("https://prometheus.example:9090/api/v1/query?query=up", None),
        ("checks/latency.py --most 200", None),
        ("manage.py check_queue", None),
        ("ftp://example/x", "use an address that begins with http:// or https://, or a command"),
        ("http:///x", "use an address that begins with http:// or https://, or a command"),
        (" ", "use an address that begins with http:// or https://, or a command"),
        ("check.py 'open", "its command has an open quote (No closing quotation)"),
    ],
)
def test_what_is_looked_at_while_a_release_is_watched_is_an_address_or_a_command(check, rule):
    assert broken_checks([check], "django_app_bake_checks") == ([] if rule is None else [{"name": "django_app_bake_checks", "value": check, "rule": rule}])


@pytest.mark.parametrize(
    ("check", "rule"),
    [
        ("http://127.0.0.1:8000/ready", None),
        ("web python manage.py check_queue", None),
        ("web sh -c 'open", "its command has an open quote (No closing quotation)"),
        ("web", "use an address that begins with http:// or https://, or a service and a command, such as web python manage.py check"),
        ("", "use an address that begins with http:// or https://, or a service and a command, such as web python manage.py check"),
    ],
)
def test_with_containers_a_command_begins_with_its_service(check, rule):
    assert [wrong["rule"] for wrong in broken_checks([check], "compose_app_bake_checks", service=True)] == ([] if rule is None else [rule])
