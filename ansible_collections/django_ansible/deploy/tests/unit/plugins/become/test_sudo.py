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
