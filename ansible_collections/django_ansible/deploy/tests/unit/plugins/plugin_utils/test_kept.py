"""The code of a module goes to a host once, and what is kept there is used only when it is whole."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible import constants as C
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import kept

COLLECTION = Path(__file__).parents[4]
FOLDER = b"/var/lib/django-ansible-deploy/code/modules"


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A module of this collection as the Ansible that is here sends it."""
    work = tmp_path_factory.mktemp("packed")
    path = "%s:/usr/bin:/bin" % os.path.dirname(shutil.which("ansible"))
    environment = {
        **os.environ, "PATH": path, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2]), "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_KEEP_REMOTE_FILES": "true", "ANSIBLE_REMOTE_TEMP": str(work), "ANSIBLE_PIPELINING": "false",
    }
    subprocess.run(
        ["ansible", "somewhere", "-i", "somewhere,", "-c", "local", "-e", "ansible_python_interpreter=" + sys.executable, "-m", "django_ansible.deploy.app_finish"],
        env=environment, cwd=work, capture_output=True, check=False,
    )
    (file,) = work.rglob("AnsiballZ_*.py")
    return file.read_bytes()


@pytest.fixture
def on_host(tmp_path):
    """Runs a module's text as a host does, with what is kept there in a folder of its own."""

    def run(text):
        done = subprocess.run([sys.executable, "-"], input=text.replace(FOLDER, str(tmp_path / "code").encode()), capture_output=True, check=False)
        return done.stdout.decode().strip()

    return run


def test_code_that_is_kept_is_not_sent_again(packed, on_host, tmp_path):
    brief, whole = kept.with_checksum(packed), kept.to_keep(packed)
    assert len(brief) < 20_000 < 200_000 < len(whole)
    assert on_host(brief) == kept.LACKING
    said = on_host(packed)
    assert "missing required arguments" in json.loads(said)["msg"]
    assert on_host(whole) == said
    (file,) = (tmp_path / "code").iterdir()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert on_host(brief) == said


def test_code_that_is_kept_tells_its_source(packed, on_host):
    """What goes on after a module has ended, or runs in another Python, is made of it."""
    lines = (
        "import inspect",
        "from ansible_collections.django_ansible.deploy.plugins.module_utils import host",
        "from ansible_collections.django_ansible.deploy.plugins.module_utils.host import command",
        "source = open(%r, encoding='utf-8').read()" % str(COLLECTION / "plugins/module_utils/host/command.py"),
        "print(inspect.getsource(command) == command.__spec__.loader.get_source(command.__name__) == source, hasattr(host, '__path__'), hasattr(command, '__path__'))",
        "raise SystemExit",
    )
    asked = "".join("        %s\n" % line for line in lines).encode()
    start = b"\n        _loader.run_module(\n"
    assert start in packed
    asking = packed.replace(start, b"\n" + asked.rstrip() + start)
    assert on_host(kept.to_keep(asking)) == on_host(kept.with_checksum(asking)) == "True True False"


def test_a_file_that_was_cut_off_is_not_used(packed, on_host, tmp_path):
    on_host(kept.to_keep(packed))
    (file,) = (tmp_path / "code").iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert on_host(kept.with_checksum(packed)) == kept.LACKING
    file.write_bytes(b"")
    assert on_host(kept.with_checksum(packed)) == kept.LACKING


def test_other_code_has_another_name(packed, on_host):
    on_host(kept.to_keep(packed))
    assert on_host(kept.with_checksum(packed.replace(b"zip_data='", b"zip_data='", 1))) != kept.LACKING
    other = repacked(packed, b"# more")
    assert on_host(kept.with_checksum(other)) == kept.LACKING
    # Packed at another time, it is the same code.
    assert on_host(kept.with_checksum(repacked(packed, b""))) != kept.LACKING


def repacked(packed, more):
    """The same module packed a day later, with something more in one of its files."""
    import base64
    import io
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(base64.b64decode(kept.ARCHIVE.search(packed).group(1)))) as given, zipfile.ZipFile(made, "w") as new:
        for entry in given.infolist():
            new.writestr(zipfile.ZipInfo(entry.filename, (2020, 1, 1, 0, 0, 0)), given.read(entry) + (more if entry.filename.endswith("host/lock.py") else b""))
    return kept.ARCHIVE.sub(lambda _: b"zip_data='%s'," % base64.b64encode(made.getvalue()), packed)


def test_a_host_that_cannot_keep_it_runs_it_all_the_same(packed, tmp_path):
    (tmp_path / "file").write_text("no folder")
    done = subprocess.run([sys.executable, "-"], input=kept.to_keep(packed).replace(FOLDER, str(tmp_path / "file/code").encode()), capture_output=True, check=False)
    assert "missing required arguments" in json.loads(done.stdout)["msg"]


def test_old_code_gives_way(packed, on_host, tmp_path):
    folder = tmp_path / "code"
    folder.mkdir()
    for number in range(60):
        (folder / str(number)).write_text("old")
        os.utime(folder / str(number), (number, number))
    on_host(kept.to_keep(packed))
    left = {file.name for file in folder.iterdir()}
    assert len(left) == kept.KEPT
    assert "59" in left and "0" not in left
    assert on_host(kept.with_checksum(packed)) != kept.LACKING


def test_what_ansible_packs_otherwise_is_sent_as_it_is():
    assert kept.with_checksum(b"#!/usr/bin/python\nprint()\n") is None
    assert kept.to_keep(b"#!/usr/bin/python\nprint()\n") == b"#!/usr/bin/python\nprint()\n"


def test_nobody_else_may_write_where_code_is_kept_whatever_the_hosts_umask(packed, tmp_path):
    code = kept.to_keep(packed).replace(FOLDER, str(tmp_path / "ours/code/modules").encode())
    subprocess.run([sys.executable, "-"], input=code, capture_output=True, check=False, umask=0)
    made = [tmp_path / "ours", tmp_path / "ours/code", tmp_path / "ours/code/modules", *(tmp_path / "ours/code/modules").iterdir()]
    assert [oct(path.stat().st_mode & 0o022) for path in made] == ["0o0"] * 4


def test_code_that_somebody_else_may_have_written_is_not_used(packed, on_host, tmp_path):
    on_host(kept.to_keep(packed))
    (file,) = (tmp_path / "code").iterdir()
    file.chmod(0o602)
    assert on_host(kept.with_checksum(packed)) == kept.LACKING
    file.chmod(0o600)
    if os.geteuid() == 0:
        os.chown(file, 12345, -1)
        assert on_host(kept.with_checksum(packed)) == kept.LACKING
        os.chown(file, 0, -1)
    assert on_host(kept.with_checksum(packed)) != kept.LACKING
    file.rename(tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert on_host(kept.with_checksum(packed)) == kept.LACKING


def test_what_a_version_kept_in_another_form_has_another_name(packed, monkeypatch, tmp_path):
    def name(program):
        folder = tmp_path / str(len(program))
        folder.mkdir()
        monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(folder))
        monkeypatch.setattr(kept, "PROGRAM", program)
        return kept._name(kept.ARCHIVE.search(packed))

    assert name(kept.PROGRAM) != name(kept.PROGRAM + "# another form\n")


class Host:
    """What a connection of Ansible's would be."""

    said_before = ""

    def __init__(self):
        self.has, self.got = set(), []

    def _low_level_execute_command(self, cmd, in_data=None):
        form = "brief" if b"zip_data=_kept(" in in_data else "kept" if b"zip_data=_keep(" in in_data else "whole"
        self.got.append(form)
        if form == "kept":
            self.has.add(in_data)
        return {"stdout": self.said_before + (kept.LACKING + "\n" if form == "brief" and not self.has else "{}")}


class Action(kept.KeptCode, Host):
    def __init__(self, module="app_host", check_mode=False, user="root", host="web1"):
        super().__init__()
        self._task = SimpleNamespace(action="django_ansible.deploy." + module, check_mode=check_mode)
        become = SimpleNamespace(get_option=lambda name, playcontext=None: user)
        self._connection = SimpleNamespace(become=become if user else None)
        self._play_context = SimpleNamespace(remote_addr=host)


@pytest.fixture
def run_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))


@pytest.mark.usefixtures("run_folder")
def test_a_host_is_asked_once_a_run(packed):
    action = Action()
    for _ in range(2):
        assert action._low_level_execute_command("python", in_data=packed)["stdout"] == "{}"
    assert action.got == ["brief", "kept", "kept"]
    other = Action(host="web2")
    other.has.add(packed)
    assert other._low_level_execute_command("python", in_data=packed)["stdout"] == "{}"
    assert other.got == ["brief"]


@pytest.mark.usefixtures("run_folder")
def test_a_host_that_greets_whoever_logs_in_gets_it_all_the_same(packed):
    """As a .bashrc does that prints something: Ansible looks for a module's answer behind it."""
    action = Action()
    action.said_before = "Agent pid 4711\nBECOME-SUCCESS-abcdef\n"
    assert action._low_level_execute_command("python", in_data=packed)["stdout"].endswith("{}")
    assert action.got == ["brief", "kept"]


@pytest.mark.usefixtures("run_folder")
@pytest.mark.parametrize("given", [{"check_mode": True}, {"user": "app"}, {"user": None}, {"module": "app_status"}])
def test_nothing_is_kept_by_what_only_looks_or_without_roots_rights(packed, given):
    action = Action(**given)
    action._low_level_execute_command("python", in_data=packed)
    assert action.got == ["whole"]


def test_the_modules_that_are_kept_are_there():
    there = {path.stem for path in (COLLECTION / "plugins/modules").glob("*.py")}
    assert there >= kept.MODULES


def test_an_archive_is_looked_through_once_for_all_hosts(packed, tmp_path, monkeypatch):
    monkeypatch.setattr(C, "DEFAULT_LOCAL_TMP", str(tmp_path))
    opened = []

    class ZipFile(zipfile.ZipFile):
        def __init__(self, *args, **kwargs):
            opened.append(1)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(kept.zipfile, "ZipFile", ZipFile)
    texts = {kept.with_checksum(packed) for _ in range(32)}
    assert len(texts) == len(opened) == 1
