"""How the archive of a commit gets to a host: with the module, unless it is large."""
from __future__ import annotations

import base64
from types import SimpleNamespace

import pytest
from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.action import app_release


class Action(app_release.ActionModule):
    def __init__(self, **arguments):
        self.calls = []
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
        return module_args


@pytest.fixture
def archive(tmp_path, monkeypatch):
    file = tmp_path / "release.tar.gz"
    monkeypatch.setattr(app_release, "archive_of", lambda workspace, revision: (str(file), {"warnings": [], "told": []}))
    monkeypatch.setattr(ActionBase, "run", lambda *args: None)
    monkeypatch.setattr(app_release, "show", lambda answer, task_vars: answer)
    return file


def test_an_archive_comes_with_the_module(archive):
    archive.write_bytes(b"the code")
    action = Action(workspace="/work", revision="0" * 40)
    given = action.run()
    assert action.calls == ["module"]
    assert base64.b64decode(given["archive_content"]) == b"the code"
    assert given["archived"] == {"warnings": [], "told": []}


def test_a_large_one_is_uploaded_and_its_folder_removed(archive):
    archive.write_bytes(bytes(app_release.LARGEST_INSIDE + 1))
    action = Action(workspace="/work", revision="0" * 40)
    given = action.run()
    assert action.calls == ["make", "upload", "module", "remove /tmp/ansible"]
    assert (given["archive"], given.get("archive_content")) == ("/tmp/ansible/release.tar.gz", None)


@pytest.mark.parametrize("given", [{"workspace": "/work", "upload": False}, {"repository": "https://example.com/site.git"}])
def test_a_host_that_has_the_release_or_a_repository_gets_none(archive, given):
    action = Action(revision="0" * 40, **given)
    assert set(action.run()) == {"revision", *given}
    assert action.calls == ["module"]
