from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.django_ansible.deploy.plugins.callback.built_modules import KEPT, OURS, code_version, keep

COLLECTION = Path(__file__).parents[4]
ROOT = COLLECTION.parents[2]
PLAYBOOK = """
- hosts: localhost
  gather_facts: false
  tasks:
    - name: Ask
      django_ansible.deploy.app_status: {app_name: unheard, app_dir: /opt/unheard, app_user: root, app_group: root, socket_link: /run/unheard/gunicorn.sock}
    - name: Ask Ansible's own
      ansible.builtin.ping:
    - name: Render a template of ours
      ansible.builtin.debug:
        msg: "{{ lookup('django_ansible.deploy.rendered', [{'template': 'ROLE/templates/error-page.html.j2', 'template_vars': {'title': '', 'text': ''}}]) }}"
"""


@pytest.fixture
def run(tmp_path):
    """Runs a playbook with what is kept below *tmp_path*, with the collection below a root."""

    def run(root=ROOT, kept=str(tmp_path / "kept")):
        (tmp_path / "play.yml").write_text(PLAYBOOK.replace("ROLE", str(root / "ansible_collections/django_ansible/deploy/roles/django_app")))
        environment = {
            **os.environ, "ANSIBLE_COLLECTIONS_PATH": str(root), "ANSIBLE_CALLBACKS_ENABLED": "django_ansible.deploy.built_modules", "ANSIBLE_DEBUG": "1",
            "DJANGO_ANSIBLE_BUILT_MODULES": kept, "ANSIBLE_LOCALHOST_WARNING": "false", "LC_ALL": "C.UTF-8",
        }
        command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-c", "local", "-e", "ansible_python_interpreter=" + sys.executable, "play.yml"]
        done = subprocess.run(command, cwd=tmp_path, env=environment, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return [line for line in (done.stdout + done.stderr).splitlines() if "ANSIBALLZ: using cached module" in line and OURS in line]

    return run


def test_a_second_run_packs_nothing_of_ours_again(run, tmp_path):
    assert run() == []
    (version,) = (tmp_path / "kept").iterdir()
    (file,) = version.glob("*" + OURS + "*")
    assert file.name.partition(".")[2].split("-")[0] == OURS + "app_status"
    assert file.stat().st_mode & 0o777 == 0o600
    (templates,) = version.glob("*.templates-*")
    assert b"play.yml" not in templates.read_bytes()
    before = templates.stat().st_mtime_ns
    assert len(run()) == 1
    assert templates.stat().st_mtime_ns == before
    file.write_bytes(file.read_bytes()[:-1])
    assert run() == []
    (file,) = version.glob("*" + OURS + "*")
    assert len(run()) == 1


def test_other_code_is_packed_anew(run, tmp_path):
    other = tmp_path / "other/ansible_collections/django_ansible/deploy"
    shutil.copytree(COLLECTION, other, ignore=shutil.ignore_patterns("tests", "__pycache__"))
    run()
    with open(other / "plugins/module_utils/layout.py", "a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert run(root=tmp_path / "other") == []
    assert len(run(root=tmp_path / "other")) == 1


def test_what_cannot_be_kept_is_no_trouble(run, tmp_path):
    (tmp_path / "file").touch()
    assert run(kept=str(tmp_path / "file")) == run(kept=str(tmp_path / "file")) == run(kept="") == []


def test_old_versions_go(tmp_path):
    packed = tmp_path / "packed"
    packed.mkdir()
    (packed / (OURS + "app_host-ZIP_DEFLATED-none")).write_bytes(b"packed")
    (packed / (OURS + "app_host-ZIP_DEFLATED-none.lock")).touch()
    for number in range(5):
        keep(packed, tmp_path / "kept" / str(number))
        os.utime(tmp_path / "kept" / str(number), (number, number))
    keep(packed, tmp_path / "kept/new")
    assert sorted(folder.name for folder in (tmp_path / "kept").iterdir()) == ["3", "4", "new"]
    assert KEPT == 3
    assert [file.read_bytes() for file in (tmp_path / "kept/new").iterdir()] == [b"packed"]


def test_other_folders_and_files_beside_them_stay(tmp_path):
    packed, kept = tmp_path / "packed", tmp_path / "kept"
    packed.mkdir()
    (packed / (OURS + "app_host-ZIP_DEFLATED-none")).write_bytes(b"packed")
    others = ["a", "b", "c", "d"]
    for name in others:
        (kept / name).mkdir(parents=True)
        (kept / name / "theirs").touch()
        os.utime(kept / name, (1, 1))
    (kept / "file").touch()
    keep(packed, kept / "new")
    assert sorted(path.name for path in kept.iterdir()) == [*others, "file", "new"]


def test_the_version_is_that_of_names_and_contents(tmp_path):
    for folder in ("modules", "module_utils"):
        (tmp_path / folder).mkdir()
    path = tmp_path / "module_utils/a.py"
    path.write_text("one")
    first = code_version(tmp_path)
    path.write_text("two")
    second = code_version(tmp_path)
    path.rename(tmp_path / "modules/a.py")
    assert len({first, second, code_version(tmp_path)}) == 3
