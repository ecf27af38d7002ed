"""What a check finds out about a commit."""
from __future__ import annotations

import os
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prediction
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture
def layout(tmp_path, monkeypatch):
    made = Layout("mysite", str(tmp_path / "app"), str(tmp_path / "run" / "gunicorn.sock"))
    monkeypatch.setattr(made, "live_release", lambda: "r1")
    release = tmp_path / "app" / "releases" / "r1"
    (release / ".venv").mkdir(parents=True)
    (release / "requirements.txt").write_text("django==5.1\n")
    return made


PARAMS = {"app_path": ".", "app_user": "nobody", "check_level": "error", "environment": "{}", "credentials": []}


def unpack(requirements):
    def place(code):
        os.makedirs(code)
        with open(os.path.join(code, "requirements.txt"), "w", encoding="utf-8") as file:
            file.write(requirements)

    return place


def answers(monkeypatch, answer):
    asked = []
    monkeypatch.setattr(prediction, "release_environment", lambda params, layout, release: Environment.parse(params["environment"]))

    def drive(self, *steps, **options):
        asked.append(steps)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(prediction.Application, "drive", drive)
    return asked


FOUND = {"check": {"warnings": ["w"]}, "missing_migrations": {"warnings": []}, "plan": {"migrations": ["shop.0002"]}}


def test_equal_requirements_make_it_certain(layout, monkeypatch):
    asked = answers(monkeypatch, FOUND)
    found = prediction.predict(layout, PARAMS, unpack("django==5.1\n"))
    assert found == {"migrations": ["shop.0002"], "requirements": [], "unknown": [], "warnings": ["w"]}
    assert asked == [("check", "missing_migrations", "plan")]


def test_changed_requirements_are_told_and_what_they_hide(layout, monkeypatch):
    answers(monkeypatch, FOUND)
    found = prediction.predict(layout, PARAMS, unpack("django==5.2\n# a comment\n"))
    assert found["requirements"] == ["-django==5.1", "+django==5.2"]
    assert found["migrations"] == ["shop.0002"]
    assert "requirements that change" in found["unknown"][0]


def test_code_that_needs_new_requirements_is_unknown_and_no_failure(layout, monkeypatch):
    answers(monkeypatch, CommandFailed("No module named 'shiny'"))
    found = prediction.predict(layout, PARAMS, unpack("django==5.1\nshiny==1\n"))
    assert found["migrations"] == []
    assert "No module named 'shiny'" in found["unknown"][0]


def test_code_that_fails_with_the_same_requirements_fails(layout, monkeypatch):
    answers(monkeypatch, CommandFailed("broken"))
    with pytest.raises(CommandFailed, match="broken"):
        prediction.predict(layout, PARAMS, unpack("django==5.1\n"))


def test_nothing_of_it_stays(layout, monkeypatch):
    seen = []
    answers(monkeypatch, FOUND)
    monkeypatch.setattr(prediction.tempfile, "mkdtemp", lambda **_: seen.append(str(layout.app_dir) + "-check") or os.makedirs(seen[-1]) or seen[-1])
    prediction.predict(layout, PARAMS, unpack(""))
    assert seen
    assert not os.path.exists(seen[0])


def test_a_host_without_a_release_is_named_as_unknown(tmp_path):
    layout = types.SimpleNamespace(live_release=lambda: None)
    found = prediction.predict(layout, PARAMS, None)
    assert "no release is on this host yet" in found["unknown"][0]


def test_lock_files_are_compared_by_package():
    lock = '[[package]]\nname = "django"\nversion = "%s"\nsource = {}\n'
    assert prediction.requirement_changes({"uv.lock": lock % "5.1"}, {"uv.lock": lock % "5.2"}) == ["-django==5.1", "+django==5.2"]


def test_hashes_and_comments_of_requirement_files_are_no_change():
    before = {"requirements.txt": "django==5.1 \\\n    --hash=sha256:aa\n    # via x\n"}
    after = {"requirements.txt": "django==5.1 \\\n    --hash=sha256:bb\n"}
    assert prediction.requirement_changes(before, after) == []
