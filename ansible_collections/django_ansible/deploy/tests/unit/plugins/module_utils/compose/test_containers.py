"""What is concluded from the containers of a project."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import containers as told


def container(key, service="web", state="running", name="", image="sha256:1", config_hash="h1"):
    return {
        "Id": key,
        "Names": ["/" + (name or f"shop-{service}-{key}")],
        "ImageID": image,
        "State": state,
        "Labels": {"com.docker.compose.service": service, "com.docker.compose.config-hash": config_hash, "com.docker.compose.image": image},
    }


def shot(*containers):
    return told.snapshot(containers)


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
    assert told.changes(shot(*before), shot(*after)) == expected


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
    assert told.predict(shot(*before), SERVICES, hashes, images, set(outdated), orphans) == expected


def test_predict_knows_a_finished_one_off():
    before = shot(container("a", state="exited"))
    before["a"]["done"] = True
    assert told.predict(before, SERVICES, {"web": "h1"}, {"web": "sha256:1"}, set(), True) == {}


def test_interrupted_containers_are_only_those_never_started():
    before = shot(
        container("a", state="created", name="429716d196fd_shop-web-1"),
        container("b", state="running", name="429716d196fe_shop-web-1"),
        container("c", state="created", name="shop-web-1"),
    )
    assert told.interrupted(before) == ["a"]


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
    found, reason = told.judge(given, fresh, settled, restarts)
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
    assert told.digest_of(image, reference, prefer) == expected
