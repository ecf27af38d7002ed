"""What the builder compiles of a checkout, and what it does not let itself be hurt by."""
from __future__ import annotations

import os
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import worker


@pytest.fixture
def request_of(tmp_path):
    release, venv = tmp_path / "release", tmp_path / "venvs/key/bin"
    release.mkdir()
    venv.mkdir(parents=True)
    (venv / "python").symlink_to(sys.executable)
    (release / "good.py").write_text("x = 1\n")
    (release / "bad.py").write_text("x = = 1\n")
    (release / "deep.py").write_text("(" * 100_000)
    return {"wishes": {"release_dir": str(release)}, "venvs": str(tmp_path / "venvs"), "key": "key"}


def compiled(request):
    return sorted(name.split(".")[0] for name in os.listdir(os.path.join(request["wishes"]["release_dir"], "__pycache__")))


def test_few_files_need_no_other_python(request_of, monkeypatch):
    monkeypatch.setattr(worker, "run", lambda argv: pytest.fail("a Python was started"))
    assert worker.byte_compile(request_of) == {"compiled": True}
    assert compiled(request_of) == ["good"]


@pytest.mark.parametrize("reason", ["another Python", "many files"])
def test_else_that_python_does_it(request_of, tmp_path, monkeypatch, reason):
    started = []
    monkeypatch.setattr(worker, "run", started.append)
    if reason == "many files":
        monkeypatch.setattr(worker, "FEW", 2)
    else:
        python = tmp_path / "venvs/key/bin/python"
        python.unlink()
        python.touch()
    assert worker.byte_compile(request_of) == {"compiled": True}
    assert started == [[str(tmp_path / "venvs/key/bin/python"), "-m", "compileall", "-q", "-j", "0", request_of["wishes"]["release_dir"]]]


def test_a_compiler_that_ends_ends_alone(request_of, monkeypatch):
    monkeypatch.setattr(worker.compileall, "compile_dir", lambda *_, **__: os.kill(os.getpid(), 9))
    assert worker.byte_compile(request_of) == {"compiled": True}
