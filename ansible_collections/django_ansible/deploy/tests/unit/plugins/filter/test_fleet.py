"""One host of a fleet says what it likes: the others serve, name and run nothing for it."""
from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.filter.fleet import agreed_commit, agreed_images, release_name

OLD, NEW = "a" * 40, "b" * 40
NOW = "20260301T000000Z"


def entry(name, revision, as_built=True, bad=None):
    return {"release": name, "revision": revision, "as_built": as_built, "bad": bad}


def name_for(*hosts):
    return release_name([{"releases": list(releases)} for releases in hosts], NEW, "c0de" * 16, NOW)


V1 = "20260101T000000Z-aaaaaaa"
V2 = "20260201T000000Z-bbbbbbb"
FRESH = NOW + "-bbbbbbb"


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ([[entry(V1, OLD)], [entry(V1, OLD)]], FRESH),
        ([[entry(V1, OLD), entry(V2, NEW)], [entry(V1, OLD), entry(V2, NEW)]], V2),
        # A host that was added takes the name over.
        ([[entry(V1, OLD), entry(V2, NEW)], []], V2),
        ([[entry(V1, OLD), entry(V2, NEW)], [entry(V1, OLD)]], V2),
        # Built otherwise, or found bad, on any host.
        ([[entry(V2, NEW)], [entry(V2, NEW, as_built=False)]], FRESH),
        ([[entry(V2, NEW)], [entry(V2, NEW, bad=True)]], FRESH),
    ],
)
def test_a_fleet_serves_one_name(hosts, expected):
    assert name_for(*hosts) == expected


@pytest.mark.parametrize(
    "claimed",
    [
        V1,  # what the others have as another commit
        "20260101T000000Z-bbbbbbb",  # older than what they serve: it would not be what a rollback leaves
        "20990101T000000Z-bbbbbbb",  # newer than anything will be for long
        "20260215T000000Z-ccccccc",  # the name of another commit
        "../../../etc/x",
    ],
)
def test_what_one_host_claims_for_the_commit_binds_no_other(claimed):
    assert name_for([entry(claimed, NEW)], [entry(V1, OLD), entry("20260202T000000Z-aaaaaaa", OLD)]) == FRESH


def test_a_name_that_is_taken_gets_the_build():
    assert name_for([entry(FRESH, NEW, as_built=False)], []) == FRESH + "-c0de"


def test_a_commit_that_is_not_known_yet_has_a_name_too():
    assert release_name([{"releases": []}], "", "c0de", NOW) == NOW + "-0000000"


def remote(**answers):
    return list(answers), {host: {"__django_app_remote": {"commit": answer}} for host, answer in answers.items()}


def test_every_host_sees_the_same_commit():
    hosts, hostvars = remote(app1=OLD, app2=OLD)
    assert agreed_commit(hosts, hostvars, "main") == OLD
    assert agreed_commit(["app1"], {"app1": {}}, "main") == ""


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"app1": OLD, "app2": NEW}, "different commits as main: app1 aaaaaaa, app2 bbbbbbb"),
        ({"app1": OLD, "app2": "../../x"}, "app2 says that main of the repository is '../../x', which is no commit"),
        ({"app1": OLD, "app2": ""}, "app2 says .* '', which is no commit"),
    ],
)
def test_one_host_does_not_choose_the_commit(answers, words):
    hosts, hostvars = remote(**answers)
    with pytest.raises(AnsibleFilterError, match=words):
        agreed_commit(hosts, hostvars, "main")


def reached(**digests):
    return list(digests), {host: {"__compose_app_reached": {"digests": {"shop:1": digest}}} for host, digest in digests.items()}


def test_one_host_does_not_choose_the_image():
    assert agreed_images(*reached(app1="", app2="sha256:1")) == {"shop:1": "sha256:1"}
    with pytest.raises(AnsibleFilterError, match="different images as shop:1: app1 sha256:1, app2 sha256:2"):
        agreed_images(*reached(app1="sha256:1", app2="sha256:2"))
