"""What a command may do, and what of it the host can see."""
from __future__ import annotations

import os
import subprocess
import sys
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import program, sandbox, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import Done, Sandbox

RULES = """
# What the application may not do.
NoNewPrivileges=true
MemoryMax=1G
TasksMax=9
ProcSubset=pid
ReadWritePaths=/opt/a/shared
"""


def test_a_command_has_the_rules_of_the_service_but_not_its_limits():
    found = Sandbox("a", "b", RULES, writable=["/x"], shown={"/opt/a/r": "/opt/a/building/r"}).properties()
    assert {"User=a", "Group=b", "NoNewPrivileges=true", "ProcSubset=pid", "ReadWritePaths=/opt/a/shared", "ReadWritePaths=/x"} <= set(found)
    assert {"BindPaths=/opt/a/building/r:/opt/a/r", "ReadWritePaths=/opt/a/r"} <= set(found)
    assert not [line for line in found if line.startswith(("MemoryMax", "TasksMax", "#"))]


def test_what_is_nice_is_so_beside_other_services_as_well():
    assert {"Nice=10", "CPUWeight=11"} <= set(Sandbox("a", "a", RULES, nice=10).properties())
    assert not [line for line in Sandbox("a", "a", RULES).properties() if line.startswith("CPUWeight")]


def test_what_the_application_is_not_to_see_has_a_user_of_its_own():
    found = Sandbox("", "", "", apart=True).properties()
    assert "DynamicUser=yes" in found and not [line for line in found if line.startswith(("User=", "Group="))]


def test_a_rule_can_be_left_out():
    assert "ProcSubset=pid" not in Sandbox("a", "a", RULES, without=("ProcSubset",)).properties()


def test_paths_are_escaped():
    assert sandbox.escaped("/a b:c%d") == "/a\\x20b\\:c%%d"


@pytest.mark.parametrize(("waits", "outcome"), [("trap 'exit 255' TERM", RunEnded), ("trap : TERM", 3)])
def test_what_waits_is_asked_to_end_with_its_run_and_what_goes_on_is_waited_for(waits, outcome, monkeypatch):
    process = subprocess.Popen(["sh", "-c", waits + "; echo; sleep 1 & wait; wait; exit 3"], stdout=subprocess.PIPE)
    process.stdout.readline()
    asked = []

    def systemctl(argv, **more):
        asked.append(argv)
        if argv[1] == "kill":
            process.terminate()
        return types.SimpleNamespace(stdout="", returncode=0)

    monkeypatch.setattr(sandbox, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(sandbox.subprocess, "run", systemctl)
    if outcome is RunEnded:
        with pytest.raises(RunEnded):
            sandbox._waited(process, "one.service", lambda: True)
    else:
        assert sandbox._waited(process, "one.service", lambda: True) == outcome
    assert [argv[2:] for argv in asked if argv[1] == "kill"] == [["--kill-whom=main", "--signal=TERM", "one.service"]]


@pytest.fixture
def started(tmp_path, monkeypatch):
    """What was started, with the private files that were there at that time."""
    seen = []

    def finished(command, unit, stdin, attached=None, output=None, **more):
        files = {path.name: (path.read_text(), oct(path.stat().st_mode)) for path in (tmp_path / unit).iterdir()}
        seen.append((command, files))
        return Done(*answers.pop(0))

    answers = []
    monkeypatch.setattr(sandbox, "FOLDER", str(tmp_path))
    monkeypatch.setattr(sandbox, "_finished", finished)
    return seen, answers


def test_secrets_are_in_private_files_that_go_with_the_command(started, tmp_path):
    seen, answers = started
    answers.append((0, "out", "err"))
    done = sandbox.confined(Sandbox("a", "a", ""), ["/bin/true"], environment={"KEY": "topsecret"}, credentials={"CERT": "hidden"}, cwd="/")
    command, files = seen[0]
    assert done == Done(0, "out", "err")
    assert "topsecret" not in str(command)
    assert "hidden" not in str(command)
    assert files["CERT"] == ("hidden", "0o100600")
    assert 'KEY="topsecret"' in files["environment"][0]
    assert files["environment"][1] == "0o100600"
    assert list(tmp_path.iterdir()) == []


def test_words_are_what_they_are_whatever_systemd_thinks_of_dollars(started):
    seen, answers = started
    answers.append((0, "", ""))
    sandbox.confined(Sandbox("a", "a", ""), ["/bin/echo", "$HOME", "a${B}c", "", "%h"], environment={}, cwd="/")
    command, files = seen[0]
    unit = next(word.partition("=")[2] for word in command if word.startswith("--unit="))
    assert command[-2:] == ["/bin/sh", "/run/credentials/%s/command-line" % unit]
    assert any(word.startswith("--property=LoadCredential=command-line:") for word in command)
    assert files["command-line"] == ("exec /bin/echo '$HOME' 'a${B}c' '' %h\n", "0o100600")


def test_a_transient_unit_has_no_word_that_changes_when_systemd_reads_its_units_again():
    assert systemd.transient(["--wait"], ["true", "a b%h"]) == ["systemd-run", "--quiet", "--collect", "--wait", "--", "true", "a b%h"]
    with pytest.raises(ValueError, match="a dollar in the command of a transient unit: sh"):
        systemd.transient([], ["sh", "-c", 'echo "$0"'])


def test_a_command_that_fails_says_how_it_ended(started):
    _, answers = started
    answers += [(3, "", "cause"), (255, "", "")]
    with pytest.raises(CommandFailed, match="ended with 3:\ncause"):
        sandbox.run_confined(Sandbox("a", "a", ""), ["/bin/x"], environment={}, cwd="/")
    with pytest.raises(CommandFailed, match="was ended by a signal"):
        sandbox.run_confined(Sandbox("a", "a", ""), ["/bin/x"], environment={}, cwd="/")


def test_endless_output_costs_no_memory(monkeypatch):
    monkeypatch.setattr(sandbox, "LONGEST_OUTPUT", 100_000)
    done = sandbox._finished(["sh", "-c", "head -c 5000000 /dev/zero | tr '\\0' x >&2; echo last >&2; echo answer"], "none")
    assert done.answer == "answer\n"
    assert done.printed.endswith("xlast\n")
    assert len(done.printed) < 300_000


def test_a_program_reads_and_writes_what_is_open(tmp_path):
    (tmp_path / "dump").write_bytes(b"content")
    with open(tmp_path / "dump", "rb") as source, open(tmp_path / "copy", "wb") as target:
        assert sandbox._finished(["sh", "-c", "cat; echo said >&2"], "none", source, stdout=target.fileno()) == Done(0, "", "said\n")
    assert (tmp_path / "copy").read_bytes() == b"content"


def test_a_program_of_the_host_has_the_rules_of_the_service(started):
    seen, answers = started
    answers.append((0, "out", ""))
    assert sandbox.piped(Sandbox("a", "b", RULES), ["psql"], environment={"PGPASSWORD": "topsecret"}, cwd="/") == Done(0, "out", "")
    command, files = seen[0]
    assert {"--property=NoNewPrivileges=true", "--property=User=a", "--property=ProcSubset=pid"} <= set(command) and "topsecret" not in str(command)
    assert 'PGPASSWORD="topsecret"' in files["environment"][0]


def test_text_goes_to_stdin_also_when_nobody_reads_it():
    assert sandbox._finished(["cat"], "none", "x" * 200_000).answer == "x" * 200_000
    assert sandbox._finished(["true"], "none", "x" * 200_000).code == 0


def test_one_that_reads_nothing_is_watched_all_the_same(monkeypatch):
    seen = []

    def waited(process, unit, has_ended):
        seen.append(process.poll())
        process.kill()
        return process.wait()

    monkeypatch.setattr(sandbox, "_waited", waited)
    assert sandbox._finished(["sleep", "20"], "none", "x" * 200_000).code == -9
    assert seen == [None]


def test_an_open_file_follows_the_text(tmp_path):
    (tmp_path / "archive").write_bytes(b"content" * 100_000)
    with open(tmp_path / "archive", "rb") as file:
        assert sandbox._finished(["cat"], "none", "text ", file).answer == "text " + "content" * 100_000


def test_a_program_leaves_what_follows_it_to_its_main(tmp_path, monkeypatch):
    (tmp_path / "archive").write_text("content")
    source = "import sys\ndef main(request): print(request['said'] + sys.stdin.read())"
    monkeypatch.setattr(program.inspect, "getsource", lambda module: source)
    request = program.program_input((types.ModuleType("room.reader"),), {"said": "é "})
    with open(tmp_path / "archive", "rb") as file:
        assert sandbox._finished([sys.executable, "-I", "-c", program.BOOTSTRAP], "none", request, file).answer == "é content\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="for root alone")
def test_the_private_folder_is_root_s_alone(tmp_path):
    with sandbox.private_folder(str(tmp_path / "unit")):
        assert subprocess.run(["cat", str(tmp_path / "unit")], user=65534, check=False, capture_output=True).returncode != 0
