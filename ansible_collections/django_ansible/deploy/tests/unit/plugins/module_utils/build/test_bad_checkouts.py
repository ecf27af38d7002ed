"""Files of a checkout that are not what they are called: one sentence, with the file."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import lock_files, worker

WISHES = {
    "packages": [], "extras": [], "groups": [], "python": "", "installer": "uv", "servers": {"gunicorn": "gunicorn==1", "uvicorn": "u", "uvicorn_worker": "w"},
    "install_folder": "", "strict_lock": False, "settings_module": "shop.settings", "files": [], "uv": "/bin/true", "pythons": {}, "python_trouble": "", "revision": "0" * 40,
}


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("pyproject.toml", b"\xff\xfe", "pyproject.toml is no valid TOML: "),
        ("pyproject.toml", b"\0", "pyproject.toml is no valid TOML: "),
        ("pyproject.toml", b"project = 7\n", "the checkout (pyproject.toml) cannot be read: AttributeError"),
        ("pyproject.toml", None, "no requirements found: looked for "),
        ("uv.lock", b"\xff", "uv.lock is no valid TOML: "),
        ("poetry.lock", b"\xff", "poetry.lock is no valid TOML: "),
        ("Pipfile.lock", b"[" * 100_000, "Pipfile.lock is no valid JSON: "),
        ("Pipfile.lock", b"\xff\xfe\0", "Pipfile.lock is no valid JSON: "),
        ("Pipfile.lock", b"[]", "the checkout (Pipfile.lock) cannot be read: AttributeError"),
        ("manage.py", None, "commit 0000000 has no manage.py in .: set app_path to the folder that has it"),
    ],
    ids=str,
)
def test_it_is_named(tmp_path, monkeypatch, name, content, said):
    monkeypatch.setattr(lock_files, "READ", [])
    (tmp_path / "manage.py").touch()
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).mkdir() if content is None else (tmp_path / name).write_bytes(content)
    wishes = {**WISHES, "release_dir": str(tmp_path), "project_dir": str(tmp_path)}
    answer = worker.answer({"steps": ["claim", "plan"], "app_path": ".", "revision": "0" * 40, "wishes": wishes})
    assert answer["error"].startswith(said), answer
    assert "\n" not in answer["error"]
