"""The application's environment: as systemd reads it, and what of it is never shown."""
from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run

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


def test_command_gets_the_environment_and_a_path():
    with Environment({"A": "1"}).for_command("/srv") as (variables, descriptors):
        assert (variables["A"], variables["HOME"], descriptors) == ("1", "/srv", ())
    with Environment({"HOME": "/mine"}).for_command("/srv") as (variables, _):
        assert variables["HOME"] == "/mine"


@pytest.mark.parametrize("name", AWKWARD)
def test_a_credential_is_a_file_and_no_variable(name):
    environment = Environment(AWKWARD, [name])
    with environment.for_command("/srv") as (variables, descriptors):
        assert name not in variables
        read = "import os, sys; sys.stdout.write(open(os.environ[%r]).read())" % (name + "_FILE")
        assert run([sys.executable, "-c", read], env=variables, pass_fds=descriptors) == AWKWARD[name]
    assert "\n%s=" % name not in environment.env_file()
    assert all("\n%s=" % other in environment.env_file() for other in AWKWARD if other != name)


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
