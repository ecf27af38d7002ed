"""How a commit gets to a host: with the module, unless it is large; of a large one what an earlier release lacks, and all of it where that does not do."""
from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.action import app_release
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.checkout import Upload


class Action(app_release.ActionModule):
    def __init__(self, answers=(), **arguments):
        self.calls, self.given, self.answers = [], [], list(answers)
        self._task = SimpleNamespace(args=arguments)
        self._connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None, join_path=lambda *parts: "/".join(parts)))

    def _make_tmp_path(self):
        self.calls.append("make")
        self._connection._shell.tmpdir = "/tmp/ansible"

    def _transfer_file(self, local, remote):
        self.calls.append("upload")
        return remote

    def _remove_tmp_path(self, path):
        self.calls.append("remove " + path)

    def _execute_module(self, module_args=None, task_vars=None):
        self.calls.append("module")
        self.given.append(module_args)
        return self.answers.pop(0) if self.answers else {"changed": True}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A commit that comes as the part and then whole, or whole at once where nothing is known of the host."""
    part, whole = tmp_path / "part.gz", tmp_path / "whole.gz"
    part.write_bytes(b"what it lacks")
    whole.write_bytes(b"the code")
    uploads = [Upload(str(part), "of a release"), Upload(str(whole), "of all")]
    made = SimpleNamespace(archived={"warnings": [], "told": []}, uploads=lambda has: uploads if has else uploads[1:], whole=whole)
    monkeypatch.setattr(app_release, "Checkout", lambda workspace, revision: made)
    monkeypatch.setattr(app_release, "code_of", lambda host: {"app1": "known"}.get(host))
    monkeypatch.setattr(ActionBase, "run", lambda *args: None)
    made.told = []
    monkeypatch.setattr(app_release, "show", lambda answer, task_vars: made.told.extend(answer.get("told", [])) or answer)
    return made


def brought(action):
    return [(base64.b64decode(given["archive_content"]), given["contents"]) for given in action.given]


def test_an_archive_comes_with_the_module(checkout):
    action = Action(workspace="/work", revision="0" * 40)
    assert action.run() == {"changed": True}
    assert action.calls == ["module"]
    assert brought(action) == [(b"the code", "of all")]
    assert action.given[0]["archived"] == {"warnings": [], "told": []}


def test_a_host_with_an_earlier_release_gets_what_that_lacks(checkout):
    action = Action(workspace="/work", revision="0" * 40)
    assert action.run(task_vars={"inventory_hostname": "app1"}) == {"changed": True}
    assert brought(action) == [(b"what it lacks", "of a release")]


def test_a_host_whose_release_is_not_what_it_was_gets_all(checkout):
    action = Action([{"changed": False, "needs_all": "it is altered"}], workspace="/work", revision="0" * 40)
    assert action.run(task_vars={"inventory_hostname": "app1"}) == {"changed": True}
    assert brought(action) == [(b"what it lacks", "of a release"), (b"the code", "of all")]
    assert checkout.told == ["the whole commit is brought, since the live release cannot be of use: it is altered"]


@pytest.fixture
def told_heart(monkeypatch):
    told: list = []
    monkeypatch.setattr(app_release.heart, "take_turns", lambda *what: told.append(what))
    monkeypatch.setattr(app_release.heart, "differ", lambda: told.append("differs"))
    return told


GOES = {"workspace": "/work", "release": "r", "revision": "0" * 40, "batches": [["app1"], ["app2"]]}


def test_the_order_of_hosts_is_said_before_the_module_runs(checkout, told_heart):
    action = Action([{"changed": True, "activated": {"release": "r"}}], **GOES)
    action._execute_module = lambda run=action._execute_module, **given: told_heart.append("module") or run(**given)
    assert action.run()["activated"]
    assert told_heart == [([["app1"], ["app2"]], "r", "0" * 40), "module"]


@pytest.mark.parametrize("arguments", [GOES, {**GOES, "batches": []}])
@pytest.mark.parametrize("answer", [{"failed": True, "msg": "no"}, {"changed": True}, None])
def test_nobody_waits_for_a_host_that_did_not_go_over(checkout, told_heart, arguments, answer):
    action = Action([answer], **arguments)
    if answer is None:
        action._execute_module = lambda **given: 1 / 0
        with pytest.raises(ZeroDivisionError):
            action.run()
    else:
        action.run()
    assert told_heart[-1] == "differs"


def test_a_host_that_needs_all_is_waited_for(checkout, told_heart):
    action = Action([{"changed": False, "needs_all": "it is altered"}, {"changed": True, "activated": {"release": "r"}}], **GOES)
    assert action.run(task_vars={"inventory_hostname": "app1"})["activated"]
    assert "differs" not in told_heart


def test_a_host_that_fails_is_not_asked_again(checkout):
    action = Action([{"failed": True, "msg": "no"}], workspace="/work", revision="0" * 40)
    assert action.run(task_vars={"inventory_hostname": "app1"})["failed"]
    assert action.calls == ["module"]


def test_a_large_one_is_uploaded_and_its_folder_removed(checkout):
    checkout.whole.write_bytes(bytes(app_release.LARGEST_INSIDE + 1))
    action = Action(workspace="/work", revision="0" * 40)
    action.run()
    assert action.calls == ["make", "upload", "module", "remove /tmp/ansible"]
    assert (action.given[0]["archive"], action.given[0].get("archive_content")) == ("/tmp/ansible/release.tar.gz", None)


@pytest.mark.parametrize("given", [{"workspace": "/work", "upload": False}, {"repository": "https://example.com/site.git"}])
def test_a_host_that_has_the_release_or_a_repository_gets_none(checkout, given):
    action = Action(revision="0" * 40, **given)
    action.run()
    assert action.calls == ["module"]
    assert set(action.given[0]) == {"revision", *given}
