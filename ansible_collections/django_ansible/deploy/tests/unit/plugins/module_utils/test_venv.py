from __future__ import annotations

import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.application import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.venv import Requirements, nearest


def requirements(folder, files=(), packages=(), installer="uv", servers=None):
    return Requirements(str(folder), str(folder), list(files), list(packages), sys.executable, installer, servers or {"gunicorn": "gunicorn"})


@pytest.fixture
def project(tmp_path):
    (tmp_path / "requirements.txt").write_text("django==5.2\n")
    return tmp_path


def test_equal_requirements_share_an_environment(project, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "requirements.txt").write_text("django==5.2\n")
    assert requirements(project).key() == requirements(other).key()


@pytest.mark.parametrize(
    "change",
    [
        lambda folder: (folder / "requirements.txt").write_text("django==5.3\n") and {},
        lambda folder: (folder / "requirements-base.txt").write_text("included\n") and {},
        lambda folder: {"packages": ["whitenoise"]},
        lambda folder: {"installer": "pip"},
        lambda folder: {"servers": {"gunicorn": "gunicorn==1"}},
    ],
)
def test_whatever_changes_what_is_installed_changes_the_key(project, change):
    before = requirements(project).key()
    assert requirements(project, **change(project)).key() != before


def test_usual_files_are_found_in_order(project):
    (project / "requirements").mkdir()
    (project / "requirements" / "production.txt").write_text("")
    assert requirements(project).files == ["requirements.txt"]
    (project / "requirements.txt").unlink()
    assert requirements(project).files == ["requirements/production.txt"]


def test_a_lock_of_uv_is_trusted_first_and_named_files_before_it(project):
    (project / "site").mkdir()
    (project / "uv.lock").write_text("")
    (project / "site/requirements.txt").write_text("")
    found = Requirements(str(project), str(project / "site"), [], [], sys.executable, "uv", {})
    assert (found.lock, found.files) == (str(project / "uv.lock"), [])
    assert requirements(project, files=["requirements.txt"]).lock is None
    assert requirements(project, installer="pip").files == ["requirements.txt"]


def test_a_lock_counts_with_its_project(project):
    (project / "uv.lock").write_text("")
    (project / "pyproject.toml").write_text("[project]\n")
    before = requirements(project).key()
    (project / "pyproject.toml").write_text("[project]\nname = 'site'\n")
    assert requirements(project).key() != before


def test_nothing_above_the_release_is_found(project):
    (project / "releases/r1/site").mkdir(parents=True)
    (project / "uv.lock").write_text("")
    assert nearest("uv.lock", str(project / "releases/r1/site"), str(project / "releases/r1")) is None


def test_missing_requirements_name_the_variable(tmp_path):
    with pytest.raises(CommandFailed, match="name the file in django_app_requirements"):
        requirements(tmp_path)


def test_missing_named_file_is_named(project):
    with pytest.raises(CommandFailed, match="requirements file prod.txt is not in this release"):
        requirements(project, files=["prod.txt"]).key()


def test_only_servers_that_are_missing_are_added(project):
    (project / "venv/lib/python3.11/site-packages/gunicorn").mkdir(parents=True)
    wanted = requirements(project, servers={"gunicorn": "gunicorn==1", "uvicorn_worker": "uvicorn-worker==1"})
    assert wanted.missing_servers(str(project / "venv")) == ["uvicorn-worker==1"]
