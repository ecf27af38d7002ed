import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible.plugins.shell.sh import ShellModule
from ansible_collections.django_ansible.deploy.plugins.become import sudo


def plugin(become_class=sudo.BecomeModule):
    """As it is once a command was built with a password at hand."""
    made = become_class()
    options = {"become_pass": "secret", "become_exe": "sudo", "become_flags": "-H -S -n", "become_user": "root", "sudo_chdir": None}
    made.get_option = lambda option, *rest, **more: options[option]
    made.command = made.build_become_command("true", ShellModule())
    return made


def test_prompts_of_both_sudos_are_understood():
    become = plugin()
    assert become.check_password_prompt(become.prompt.encode())
    assert become.check_password_prompt(b"[sudo: %s] Password: " % become.prompt.encode())
    # With another language on the host, and after what a login script printed.
    assert become.check_password_prompt(b"hello\n[sudo: %s] Mot de passe : " % become.prompt.encode())


def test_the_prompt_inside_of_a_command_that_is_shown_is_none():
    become = plugin()
    assert become.prompt in become.command
    assert not become.check_password_prompt(b"debug1: Sending command: " + become.command.encode())
    assert not become.check_password_prompt(b"[sudo: authenticate] Password: ")


def test_no_prompt_is_seen_where_none_is_expected():
    assert not sudo.BecomeModule().check_password_prompt(b"[sudo: ] Password: ")


@pytest.mark.parametrize("said", [b"Sorry, try again.", b"sudo: Authentication failed, try again."])
def test_a_wrong_password_is_understood(said):
    assert plugin().check_incorrect_password(said)
    assert not plugin().check_missing_password(said)


@pytest.mark.parametrize("said", [b"sudo: a password is required", b"sudo: interactive authentication is required", b"sudo: Authentication required but not attempted"])
def test_a_missing_password_is_understood(said):
    assert plugin().check_missing_password(said)
    assert not plugin().check_incorrect_password(said)


def test_what_is_run_is_what_ansible_runs():
    commands = [plugin(each) for each in (sudo.BecomeModule, sudo.original.BecomeModule)]
    own, other = (each.command.replace(each._id, "ID") for each in commands)
    assert own == other


def test_ansible_itself_does_not_understand_it_yet():
    """Once this fails with both locked versions of ansible-core, the plugin and ANSIBLE_BECOME_PLUGINS can go."""
    original = plugin(sudo.original.BecomeModule)
    assert not original.check_password_prompt(b"[sudo: %s] Password: " % original.prompt.encode())


# Asks as sudo-rs does.
SUDO_RS = """#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -p) prompt=$2; shift 2 ;;
    -u) shift 2 ;;
    -*) shift ;;
    *) break ;;
    esac
done
printf '[sudo: %s] Password: ' "$prompt" >&2
read -r password
echo >&2
[ "$password" = secret ] && exec "$@"
echo 'sudo: Authentication failed, try again.' >&2
exit 1
"""


@pytest.mark.parametrize("method", ["sudo", "django_ansible.deploy.sudo"])
def test_ansible_takes_it_under_both_names_with_its_options(tmp_path, method):
    (tmp_path / "sudo-rs").write_text(SUDO_RS)
    (tmp_path / "sudo-rs").chmod(0o755)
    (tmp_path / "password").write_text("secret")
    ansible = os.path.join(os.path.dirname(sys.executable), "ansible")
    arguments = ["-c", "local", "-m", "command", "-a", "echo became", "--become", "--become-method", method, "--become-password-file", str(tmp_path / "password")]
    variables = ["-e", "ansible_become_exe=%s" % (tmp_path / "sudo-rs"), "-e", "ansible_python_interpreter=%s" % sys.executable]
    done = subprocess.run(
        [ansible, "localhost", *arguments, *variables], check=False, capture_output=True, text=True, timeout=60, cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8",
            "ANSIBLE_COLLECTIONS_PATH": str(Path(sudo.__file__).parents[5]), "ANSIBLE_BECOME_PLUGINS": os.path.dirname(sudo.__file__),
        },
    )
    assert done.stdout.splitlines()[-1:] == ["became"], done.stdout + done.stderr
