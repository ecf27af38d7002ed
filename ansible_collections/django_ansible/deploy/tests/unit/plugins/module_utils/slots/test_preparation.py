"""What becomes of a release that cannot be made from the one before."""
from __future__ import annotations

import json
import threading

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.completing import Lost
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.beside import Beside
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import preparation

RELEASE = "20260102T030405Z-0123456"


@pytest.mark.parametrize("check_mode", [False, True])
def test_the_whole_commit_is_asked_for_and_the_deploy_lock_stays(tmp_path, monkeypatch, check_mode):
    def fails(*_):
        raise Lost("data/photo.jpg is not what it was")

    monkeypatch.setattr(preparation.Preparation, "run", fails)
    monkeypatch.setattr(preparation, "predict", fails)
    monkeypatch.setattr(preparation.prepared, "is_prepared", lambda *_: False)
    params = {"app_name": "mysite", "app_dir": str(tmp_path), "socket_link": str(tmp_path / "socket"), "release": RELEASE, "prepared_from": "x"}
    given = {**params, "sandbox": "", "install_environment": json.dumps({}), "system_libraries": []}
    lock = DeployLock("mysite", "run-1", "me", folder=str(tmp_path / "run"))
    lock.take()
    with lock.step():
        assert preparation.prepare(given, check_mode, Beside([])) == {"changed": False, "needs_all": "data/photo.jpg is not what it was"}
    assert lock.is_held()


class Waited:
    """Packages on their way, which are there once they were waited for."""

    arrived = False

    def wait(self):
        was, self.arrived = self.arrived, True
        return not was


@pytest.fixture
def made(tmp_path):
    params = {"app_name": "mysite", "app_dir": str(tmp_path), "socket_link": str(tmp_path / "socket"), "release": RELEASE}
    given = {**params, "sandbox": "", "install_environment": "{}", "system_libraries": [], "commands": "{}"}
    return preparation.Preparation(given, preparation.layout_of(params), False, Waited())


def test_a_build_that_needs_a_package_on_its_way_is_made_again_when_that_is_there(made, monkeypatch):
    tries = []

    def build(*_):
        tries.append(made.builder.beside.arrived)
        if not made.builder.beside.arrived:
            raise CommandFailed("Git executable not found")

    monkeypatch.setattr(made, "build_venv", build)
    made.build_venv_beside("key", "/venv", (1, 1))
    assert tries == [False, True]


def test_any_other_build_that_fails_is_made_twice_at_most(made, monkeypatch):
    tries = []

    def build(*_):
        tries.append(1)
        raise CommandFailed("no such package")

    monkeypatch.setattr(made, "build_venv", build)
    with pytest.raises(CommandFailed, match="no such package"):
        made.build_venv_beside("key", "/venv", (1, 1))
    assert len(tries) == 2


class Inspection:
    """Django looks at a release, and says what it misses until a package is there."""

    done: list = []
    uses_given_key = False

    def __init__(self, tries, packages, needs):
        self.tries, self.packages, self.needs = tries, packages, needs

    def run(self):
        self.tries.append(self.packages.arrived)
        if self.needs and not self.packages.arrived:
            raise CommandFailed("git is not there")
        return {"warnings": []}


@pytest.mark.parametrize(
    "commands, needs, tries",
    [("{}", False, [False]), ('{"build": []}', False, [False]), ("{}", True, [False, True]), ('{"static": [{"command": "npm run build"}]}', False, [True])],
)
def test_django_waits_for_no_package_but_commands_of_the_project_do(made, monkeypatch, commands, needs, tries):
    seen = []
    made.params["commands"] = commands
    monkeypatch.setattr(preparation, "Inspection", lambda *_: Inspection(seen, made.builder.beside, needs))
    made.prepare()
    assert seen == tries


def test_what_goes_wrong_without_a_package_on_its_way_is_said_once(made, monkeypatch):
    seen = []

    class Fails(Inspection):
        def run(self):
            self.tries.append(self.packages.arrived)
            raise CommandFailed("No module named 'shop'")

    monkeypatch.setattr(preparation, "Inspection", lambda *_: Fails(seen, made.builder.beside, True))
    with pytest.raises(CommandFailed, match="shop"):
        made.prepare()
    assert seen == [False, True]


def test_the_installer_is_waited_for_where_it_is_taken_and_for_another_python(made, monkeypatch):
    made.params.update(
        revision="0" * 40, packages=[], extras=[], groups=[], python="", installer="uv", servers={}, install_folder="", strict_lock=False, app_path=".",
        environment="{}", requirements=[],
    )
    fetched = threading.Event()
    made.uv = lambda: fetched.wait(10) and "/uv"
    asked, answers = [], [{"python_needed": "3.13"}, {}, {}]
    monkeypatch.setattr(made.builder, "work", lambda steps, shown, archive, wishes: asked.append(wishes["uv"]) or answers.pop(0))
    monkeypatch.setattr(made.builder, "python_for", lambda version, tools: "/python" if fetched.is_set() else pytest.fail("it is fetched by two"))
    threading.Timer(0.05, fetched.set).start()
    made.work(["plan"])
    made.work(["build"])
    assert asked == ["", "", "/uv"]
