"""What hears the heartbeat is started once for a run, out of reach of applications, and a run that nobody hears says so."""
from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import tempfile

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import hearing
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock

REACH = """
import os, socket, sys
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(65534)
# As an application finds it: the kernel shows paths to everybody.
(path,) = {line.split()[-1] for line in open("/proc/self/net/unix") if line.rstrip().endswith(sys.argv[2])}
socket.socket(socket.AF_UNIX).connect(path)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize("group, reaches", [(65534, False), (4711, True)])
def test_nobody_reaches_the_socket_but_the_one_who_deploys(group, reaches):
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o711)
        folder = os.path.join(top, secrets.token_hex(8))
        hearing.make_folder(folder, 4711)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(os.path.join(folder, "socket"))
        os.chmod(os.path.join(folder, "socket"), 0o666)
        listener.listen()
        done = subprocess.run([sys.executable, "-c", REACH, str(group), folder[-16:] + "/socket"], check=False, capture_output=True, text=True)
        listener.close()
    assert (done.returncode == 0) is reaches, done.stderr
    assert reaches or "PermissionError" in done.stderr


def test_a_run_that_asks_again_is_heard_by_the_one_that_listens(tmp_path, monkeypatch):
    """Ansible repeats a step whose connection broke; the run's first keeper goes on."""
    started = []
    monkeypatch.setattr(hearing, "FOLDER", str(tmp_path / "heard"))
    monkeypatch.setattr(hearing, "run", lambda argv, **options: started.append(argv))
    monkeypatch.setattr(hearing.shipped, "ship", lambda: "/nowhere")
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path / "locks"))
    lock.take()
    first = hearing.Starting(lock, "0123456789abcdef", "slots.returning", {}, "")
    first.starts.result()
    again = hearing.Starting(lock, "0123456789abcdef", "slots.returning", {}, "")
    assert len(started) == 1
    (tmp_path / "heard/0123456789abcdef/heard").touch()
    assert (first.wait(False, 1), again.wait(False, 1)) == (None, None)
    assert lock.is_held()


def test_a_run_that_is_not_heard_at_first_counts_as_dead_unless_its_runner_says_that_it_goes_on(tmp_path, monkeypatch):
    """A runner that is killed between the lock and its first heartbeat says nothing; where it has no way to send one, the lock has a lease."""
    done = []
    monkeypatch.setattr(hearing, "FOLDER", str(tmp_path / "heard"))
    monkeypatch.setattr(hearing, "run", lambda argv, **options: done.append(argv[:2]))
    monkeypatch.setattr(hearing.shipped, "ship", lambda: "/nowhere")
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path / "locks"))
    lock.take()
    with pytest.raises(hearing.Unheard):
        hearing.Starting(lock, "0123456789abcdef", "slots.returning", {}, "").wait(False, 0.1)
    assert [argv[0] for argv in done] == ["systemd-run"], "what listens goes on, and frees the lock"
    assert lock.holder()["heard"].endswith(".heard") and "process" not in lock.holder()
    (tmp_path / "units").mkdir()
    monkeypatch.setattr(hearing.boot, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(hearing.boot, "FOLDER", str(tmp_path / "kept"))
    goes_on = hearing.Starting(lock, "0123456789abcdef", "slots.returning", {}, "")
    hearing.boot.arm("shop", goes_on.armed)
    trouble = goes_on.wait(True, 0.1)
    assert "its deploy lock lasts 15 minutes" in trouble
    assert sorted(path.name for path in tmp_path.rglob("*") if not path.is_dir()) == ["shop.lock"], "nothing of what was to listen is left"
    assert done[1:] == [["systemctl", "stop"]]
    assert not {"process", "heard", "keeper"} & set(lock.holder())


def test_without_a_way_to_hear_of_a_run_its_lock_has_a_lease(tmp_path):
    lock = DeployLock("shop", "7-1-a", "mona", str(tmp_path / "locks"))
    lock.take()
    heartbeat = hearing.begin(lock, "", hearing, {})
    assert "process" in lock.holder(), "as long as the host is looked at"
    assert heartbeat.wait(False) is None
    assert not {"process", "heard", "keeper"} & set(lock.holder())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize(("sudo", "group"), [({}, 4711), ({"SUDO_GID": "4712"}, 4712)])
def test_whoever_becomes_root_by_another_way_than_sudo_is_known_by_the_process_that_did(sudo, group, monkeypatch):
    """As su is, which only its caller's real ids remember, with a shell of root's below it."""
    monkeypatch.delenv("SUDO_GID", raising=False)
    code = (
        "import os, sys\nos.setresgid(4711, 0, 0)\nos.setresuid(65534, 0, 0)\nif os.fork(): sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "os.setresuid(0, 0, 0)\nos.setresgid(0, 0, 0)\nif os.fork(): sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))\n"
        "sys.path[:0] = %r\nfrom %s import callers_group\nprint(callers_group())" % (sys.path, hearing.__name__)
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, env={**os.environ, **sudo})
    assert int(done.stdout) == group
