"""What is read from a compose project, and what is concluded from its containers."""
from __future__ import annotations

import os
import stat
import time

import pytest

from ansible_collections.django_ansible.deploy.plugins.module_utils import compose_project as project
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_engine import ComposeError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("{}", {}),
        ("", {}),
        ('{"A": "x", "_b1": 5, "C": true, "D": null, "E": 1.5, "F": "a\\nb"}', {"A": "x", "_b1": "5", "C": "true", "D": "", "E": "1.5", "F": "a\nb"}),
    ],
)
def test_parse_env(text, values):
    assert project.parse_env(text) == values


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
        project.parse_env(text)


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
    assert project.masker(values)(text) == masked


def test_summarize():
    config = {
        "name": "shop",
        "services": {
            "web": {"image": "reg.example/web:1", "environment": {"SECRET": "x"}, "deploy": {"replicas": 3}},
            "job": {"build": {"context": "."}, "scale": 0},
            "db": {"image": "db", "platform": "linux/amd64", "pull_policy": "never", "deploy": {"resources": {}}},
        },
    }
    assert project.summarize(config) == {
        "name": "shop",
        "services": {
            "web": {"image": "reg.example/web:1", "build": False, "platform": "", "pull_policy": "", "replicas": 3},
            "job": {"image": "", "build": True, "platform": "", "pull_policy": "", "replicas": 0},
            "db": {"image": "db", "build": False, "platform": "linux/amd64", "pull_policy": "never", "replicas": 1},
        },
    }


def test_warnings_of():
    stderr = (
        'time="2026-01-01T00:00:00Z" level=warning msg="The \\"X\\" variable is not set. Defaulting to a blank string."\n'
        'time="2026-01-01T00:00:00Z" level=warning msg="The \\"X\\" variable is not set. Defaulting to a blank string."\n'
        'time="2026-01-01T00:00:00Z" level=info msg="quiet"\n'
        'time="2026-01-01T00:00:00Z" level=warning msg=obsolete\n'
        "something else\n"
    )
    assert project.warnings_of(stderr) == ['The "X" variable is not set. Defaulting to a blank string.', "obsolete"]


def test_reason_of_leaves_progress_and_warnings_out():
    stderr = (
        'time="2026-01-01T00:00:00Z" level=warning msg="The \\"X\\" variable is not set"\n'
        " Network shop_default  Creating\n Container shop-web-1  Starting\n\n Container shop-web-1  Started\n"
        "Error response from daemon: driver failed\n"
    )
    assert project.reason_of(stderr) == "Error response from daemon: driver failed"


def container(key, service="web", state="running", name="", image="sha256:1", config_hash="h1"):
    return {
        "Id": key,
        "Names": ["/" + (name or f"shop-{service}-{key}")],
        "ImageID": image,
        "State": state,
        "Labels": {"com.docker.compose.service": service, "com.docker.compose.config-hash": config_hash, "com.docker.compose.image": image},
    }


def shot(*containers):
    return project.snapshot(containers)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([], [], {}),
        ([container("a")], [container("a")], {}),
        ([], [container("a")], {"web": "created"}),
        ([container("a")], [container("b")], {"web": "replaced"}),
        ([container("a")], [container("a"), container("b")], {"web": "scaled"}),
        ([container("a"), container("b")], [container("b")], {"web": "scaled"}),
        ([container("a"), container("x", "old")], [container("a")], {"old": "removed"}),
        ([container("a", state="exited")], [container("a")], {"web": "started"}),
        ([container("a", state="created")], [container("a")], {"web": "started"}),
        ([container("a", state="restarting")], [container("a")], {}),
        # A one-off that `up` ran again: nothing was created, replaced or removed.
        ([container("a", "job", state="exited")], [container("a", "job", state="exited")], {}),
        # Its text and times do not count, only its id does.
        ([{**container("a"), "Status": "Up 3 minutes"}], [{**container("a"), "Status": "Up 4 minutes", "ImageID": "sha256:1"}], {}),
    ],
)
def test_changes(before, after, expected):
    assert project.changes(shot(*before), shot(*after)) == expected


SERVICES = {"web": {"replicas": 1}}


@pytest.mark.parametrize(
    ("before", "hashes", "images", "outdated", "orphans", "expected"),
    [
        ([], {"web": "h1"}, {"web": "sha256:1"}, [], True, {"web": "created"}),
        ([container("a")], {"web": "h1"}, {"web": "sha256:1"}, [], True, {}),
        ([container("a")], {"web": "h2"}, {"web": "sha256:1"}, [], True, {"web": "replaced"}),
        ([container("a")], {"web": "h1"}, {"web": "sha256:2"}, [], True, {"web": "replaced"}),
        ([container("a")], {"web": "h1"}, {"web": "sha256:1"}, ["web"], True, {"web": "replaced"}),
        ([container("a"), container("b")], {"web": "h1"}, {"web": "sha256:1"}, [], True, {"web": "scaled"}),
        ([container("a", state="exited")], {"web": "h1"}, {"web": "sha256:1"}, [], True, {"web": "started"}),
        ([container("a"), container("x", "old")], {"web": "h1"}, {"web": "sha256:1"}, [], True, {"old": "removed"}),
        ([container("a"), container("x", "old")], {"web": "h1"}, {"web": "sha256:1"}, [], False, {}),
        # Without a hash or a known image nothing is claimed.
        ([container("a")], {}, {}, [], True, {}),
    ],
)
def test_predict(before, hashes, images, outdated, orphans, expected):
    assert project.predict(shot(*before), SERVICES, hashes, images, set(outdated), orphans) == expected


def test_predict_knows_a_finished_one_off():
    before = shot(container("a", state="exited"))
    before["a"]["done"] = True
    assert project.predict(before, SERVICES, {"web": "h1"}, {"web": "sha256:1"}, set(), True) == {}


def test_interrupted_containers_are_only_those_never_started():
    before = shot(
        container("a", state="created", name="429716d196fd_shop-web-1"),
        container("b", state="running", name="429716d196fe_shop-web-1"),
        container("c", state="created", name="shop-web-1"),
    )
    assert project.interrupted(before) == ["a"]


def inspected(status="running", health=None, code=0, policy="no", **state):
    return {
        "State": {"Status": status, "ExitCode": code, **({"Health": {"Status": health}} if health else {}), **state},
        "HostConfig": {"RestartPolicy": {"Name": policy}},
    }


@pytest.mark.parametrize(
    ("given", "fresh", "settled", "restarts", "verdict", "why"),
    [
        (inspected(), False, False, 0, "ready", ""),
        (inspected(), True, False, 0, "waiting", "has not run long enough"),
        (inspected(), True, True, 0, "ready", ""),
        (inspected(health="starting"), True, True, 0, "waiting", "is not healthy yet"),
        (inspected(health="healthy"), True, False, 0, "ready", ""),
        (inspected(health="unhealthy"), False, True, 0, "failed", "is unhealthy"),
        (inspected(health="none"), True, False, 0, "waiting", "has not run long enough"),
        (inspected("exited"), True, False, 0, "ready", ""),
        (inspected("exited", policy="on-failure"), True, False, 0, "ready", ""),
        (inspected("exited", policy="always"), True, False, 0, "waiting", "stopped by itself"),
        (inspected("exited", code=7), True, True, 0, "failed", "ended with exit code 7"),
        (inspected("exited", code=137, OOMKilled=True), True, True, 0, "failed", "exit code 137 (out of memory)"),
        (inspected("restarting", code=7), True, True, 3, "waiting", "keeps restarting"),
        (inspected("restarting", code=7), True, True, 8, "failed", "was restarted 8 times, the last time it ended with exit code 7"),
        (inspected("running"), True, True, 8, "failed", "was restarted 8 times"),
        (inspected("created"), True, True, 0, "waiting", "was created and not started"),
        (inspected("created", Error="port is taken"), True, True, 0, "failed", "could not be started (port is taken)"),
        (inspected("paused"), False, True, 0, "waiting", "is paused"),
        (inspected("dead"), False, True, 0, "failed", "is dead"),
    ],
)
def test_judge(given, fresh, settled, restarts, verdict, why):
    found, reason = project.judge(given, fresh, settled, restarts)
    assert found == verdict
    assert why in reason
    assert bool(reason) is (verdict != "ready")


A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


@pytest.mark.parametrize(
    ("image", "reference", "prefer", "expected"),
    [
        (None, "web", "", ""),
        ({"Id": "sha256:1"}, "web", "", "sha256:1"),
        ({"Id": "sha256:1", "RepoDigests": None}, "web", "", "sha256:1"),
        ({"Id": "sha256:1", "RepoDigests": [f"reg/web@{A}"]}, "reg/web:1", "", f"reg/web@{A}"),
        ({"Id": "sha256:1", "RepoDigests": [f"aaa/web@{A}", f"reg.x/web@{B}"]}, "reg.x/web:1", "", f"reg.x/web@{B}"),
        ({"Id": "sha256:1", "RepoDigests": [f"reg.x/web@{A}", f"reg.x/web@{B}"]}, "reg.x/web:1", B, f"reg.x/web@{B}"),
        ({"Id": "sha256:1", "RepoDigests": [f"reg.x/web@{A}", f"reg.x/web@{B}"]}, f"reg.x/web@{B}", "", f"reg.x/web@{B}"),
        ({"Id": "sha256:1", "RepoDigests": [f"other/web@{A}"]}, "reg.x/web:1", "", f"other/web@{A}"),
    ],
)
def test_digest_of(image, reference, prefer, expected):
    assert project.digest_of(image, reference, prefer) == expected


# The command ---------------------------------------------------------------------------------------------------------


def command(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n" + body)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def bare_host(tmp_path, monkeypatch):
    """No compose but the one that a test puts there."""
    monkeypatch.setattr(project, "PLUGIN_FOLDERS", (str(tmp_path / "plugins"),))
    monkeypatch.setattr(project, "COMMAND_FOLDERS", (str(tmp_path / "bin"),))
    return tmp_path


def test_find_compose(bare_host):
    config_dir = str(bare_host / "docker")
    environ = {"PATH": str(bare_host / "bin")}

    def find():
        return project.find_compose(environ, config_dir)

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


def given(tmp_path, **options):
    return project.Project(str(tmp_path / "compose.yml"), environ={"HOME": str(tmp_path), "PATH": os.environ["PATH"], "COMPOSE_FILE": "other.yml"}, **options)


def test_values_reach_compose_as_environment_and_never_as_arguments(bare_host):
    command(bare_host / "plugins/docker-compose", 'echo "$@" > $0.args; echo "$TOKEN|$COMPOSE_FILE|$DOCKER_CONFIG|$DOCKER_HOST"; cat')
    one = given(bare_host, env='{"TOKEN": "s3cret"}', content="services: {}\n")
    code, out, _err = one.compose("config", config_dir="/private")
    assert (code, out) == (0, "s3cret||/private|unix:///var/run/docker.sock\nservices: {}\n")
    assert (bare_host / "plugins/docker-compose.args").read_text() == f"--ansi never --project-directory {bare_host} -f - config\n"


def test_a_missing_or_invalid_file_is_said(bare_host):
    command(bare_host / "plugins/docker-compose", 'echo "validating: s3cret is not allowed" >&2; [ "$1" = version ] && echo 2.26.1 || exit 15')
    with pytest.raises(ComposeError, match="There is no compose file .*compose-source"):
        given(bare_host).config()
    (bare_host / "compose.yml").write_text("x")
    with pytest.raises(ComposeError, match=r"is not valid: validating: \*\*\* is not allowed"):
        given(bare_host, env='{"A": "s3cret"}').config()
    command(bare_host / "plugins/docker-compose", """echo '{"name": "x", "services": {}}'""")
    with pytest.raises(ComposeError, match="has no service"):
        given(bare_host).config()


def test_a_relative_path_is_refused():
    with pytest.raises(ComposeError, match="not an absolute path"):
        project.Project("compose.yml", environ={})


def test_a_file_is_placed_at_once_and_keeps_its_mode(tmp_path):
    one = given(tmp_path / "new", content="a: {{ b }}\r\nü\n")
    assert one.content_differs()
    one.place_content()
    file = tmp_path / "new/compose.yml"
    assert file.read_bytes() == "a: {{ b }}\r\nü\n".encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not one.content_differs()
    file.chmod(0o640)
    two = given(tmp_path / "new", content="other")
    assert two.content_differs()
    two.place_content()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert os.listdir(tmp_path / "new") == ["compose.yml"]


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real.yml").write_text("old")
    (tmp_path / "compose.yml").symlink_to("real.yml")
    given(tmp_path, content="new").place_content()
    assert (tmp_path / "compose.yml").is_symlink()
    assert (tmp_path / "real.yml").read_text() == "new"


def test_no_child_outlives_the_time_limit(tmp_path):
    pid_file = tmp_path / "pid"
    start = time.monotonic()
    code, out, _err = project.run(["/bin/sh", "-c", f"echo begun; sleep 30 & echo $! > {pid_file}; wait"], dict(os.environ), timeout=0.5)
    assert (code, out) == (None, "begun\n")
    assert time.monotonic() - start < 10
    time.sleep(0.1)
    try:
        os.kill(int(pid_file.read_text()), 0)
    except ProcessLookupError:
        return
    with open(f"/proc/{int(pid_file.read_text())}/stat", encoding="ascii") as file:
        assert file.read().split()[2] == "Z"
