"""What the compose command gets, where it is, and what it says."""
from __future__ import annotations

import os
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import command as command_
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{}", {}),
        ("", {}),
        ('{"A": "x", "_b1": 5, "C": true, "D": null, "E": 1.5, "F": "a\\nb"}', {"A": "x", "_b1": "5", "C": "true", "D": "", "E": "1.5", "F": "a\nb"}),
    ],
)
def test_parse_env(text, values):
    assert command_.parse_env(text) == values


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "not a JSON mapping"),
        ('"A=b"', "not a mapping"),
        ('{"A-B": "1"}', "'A-B' in env is not a name"),
        ('{"1A": "1"}', "is not a name"),
        ('{"A=B": "1"}', "is not a name"),
        ('{"PATH": "/x"}', "PATH in env would change the compose command"),
        ('{"DOCKER_CONFIG": "/x"}', "DOCKER_CONFIG in env"),
        ('{"A": ["x"]}', "The value of A in env is not plain text"),
        ('{"A": "x\\u0000"}', "NUL"),
    ],
)
def test_parse_env_refuses(text, sentence):
    with pytest.raises(ComposeError, match=sentence.replace("(", r"\(")):
        command_.parse_env(text)


@pytest.mark.parametrize(
    ("values", "text", "masked"),
    [
        ([], "nothing", "nothing"),
        (["s3cret"], "a s3cret b s3cret", "a *** b ***"),
        (["s3cret", "s3cret-long"], "s3cret-long s3cret", "*** ***"),
        (["1", "true", "abc"], "1 true abc", "1 true abc"),
        (["line one\nline two"], "x line two y", "x *** y"),
        (["a.*b?"], "a.*b? axxb", "*** axxb"),
    ],
)
def test_masker(values, text, masked):
    assert command_.masker(values)(text) == masked


def test_warnings_of():
    stderr = (
        'time="2026-01-01T00:00:00Z" level=warning msg="The \\"X\\" variable is not set. Defaulting to a blank string."\n'
        'time="2026-01-01T00:00:00Z" level=warning msg="The \\"X\\" variable is not set. Defaulting to a blank string."\n'
        'time="2026-01-01T00:00:00Z" level=info msg="quiet"\n'
        'time="2026-01-01T00:00:00Z" level=warning msg=obsolete\n'
        "something else\n"
    )
    assert command_.warnings_of(stderr) == ['The "X" variable is not set. Defaulting to a blank string.', "obsolete"]


def test_reason_of_leaves_progress_and_warnings_out():
    stderr = (
        'time="2026-01-01T00:00:00Z" level=warning msg="The \\"X\\" variable is not set"\n'
        " Network shop_default  Creating\n Container shop-web-1  Starting\n\n Container shop-web-1  Started\n"
        "Error response from daemon: driver failed\n"
    )
    assert command_.reason_of(stderr) == "Error response from daemon: driver failed"


def command(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare_host(tmp_path, monkeypatch):
    """No compose but the one that a test puts there."""
    monkeypatch.setattr(command_, "PLUGIN_FOLDERS", (str(tmp_path / "plugins"),))
    monkeypatch.setattr(command_, "COMMAND_FOLDERS", (str(tmp_path / "bin"),))
    return tmp_path


def test_find_compose(bare_host):
    config_dir = str(bare_host / "docker")
    environ = {"PATH": str(bare_host / "bin")}

    def find():
        return command_.find_compose(environ, config_dir)

    with pytest.raises(ComposeError, match="no compose plugin on this host"):
        find()
    docker = command(bare_host / "bin/docker", "exit 1")
    with pytest.raises(ComposeError, match="no compose plugin on this host"):
        find()
    standalone = command(bare_host / "bin/docker-compose", "echo 1.29.2")
    with pytest.raises(ComposeError, match="is Compose version 1"):
        find()
    command(bare_host / "bin/docker", "echo v5.0.1")
    assert find() == [docker, "compose"]
    command(bare_host / "bin/docker-compose", "echo 2.26.1-4")
    assert find() == [standalone]
    plugin = command(bare_host / "plugins/docker-compose", "exit 1")
    assert find() == [plugin]
    own = command(bare_host / "docker/cli-plugins/docker-compose", "exit 1")
    assert find() == [own]


def test_values_reach_compose_as_environment_and_never_as_arguments(bare_host):
    command(bare_host / "plugins/docker-compose", 'echo "$@" > $0.args; echo "$TOKEN|$COMPOSE_FILE|$DOCKER_CONFIG|$DOCKER_HOST"; cat')
    environ = {"HOME": str(bare_host), "PATH": os.environ["PATH"], "COMPOSE_FILE": "other.yml"}
    compose = command_.Compose({"TOKEN": "s3cret"}, environ)
    code, out, _err = compose.call(["config"], files=["-"], folder=str(bare_host), profiles=["a"], project="shop", config_dir="/private", stdin="services: {}\n")
    assert (code, out) == (0, "s3cret||/private|unix:///var/run/docker.sock\nservices: {}\n")
    assert (bare_host / "plugins/docker-compose.args").read_text() == f"--ansi never --project-directory {bare_host} -f - -p shop --profile a config\n"


def test_no_child_outlives_the_time_limit(tmp_path):
    pid_file = tmp_path / "pid"
    start = time.monotonic()
    code, out, _err = command_.run(["/bin/sh", "-c", f"echo begun; sleep 30 & echo $! > {pid_file}; wait"], dict(os.environ), timeout=0.5)
    assert (code, out) == (None, "begun\n")
    assert time.monotonic() - start < 10
    time.sleep(0.1)
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return
    with open(f"/proc/{int(pid_file.read_text())}/stat", encoding="ascii") as file:
        assert file.read().split()[2] == "Z"
