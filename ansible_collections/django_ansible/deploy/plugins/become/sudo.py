# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: sudo
short_description: Ansible's sudo, which also understands sudo-rs
description:
  - Does what P(ansible.builtin.sudo#become) does, with the same options, and also understands the prompt and the messages of sudo-rs, which is the sudo of
    Ubuntu since 25.10.
author:
  - The django-ansible-deploy authors (@org)
"""

import importlib.util
from pathlib import Path

from ansible.plugins import become


def load_original():
    """By its file: where this one stands in for the plugin `sudo`, `ansible.plugins.become.sudo` is this one."""
    spec = importlib.util.spec_from_file_location("django_ansible_original_sudo", Path(become.__file__).with_name("sudo.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


original = load_original()
# Options are the same. Ansible reads them at run time, and the text above where it shows documentation.
globals().update(DOCUMENTATION=original.DOCUMENTATION)


class BecomeModule(original.BecomeModule):
    """
    Nothing changes where sudo is the usual one: what is understood is more, what is run is the same. A unit test says
    when the locked versions of ansible-core do without it (https://github.com/ansible/ansible/issues/85837).
    """

    fail = (*original.BecomeModule.fail, "sudo: Authentication failed, try again.")
    missing = (*original.BecomeModule.missing, "sudo: interactive authentication is required", "sudo: Authentication required but not attempted")

    def check_password_prompt(self, b_output):
        """Where sudo prints the prompt that Ansible gave it, sudo-rs prints `[sudo: PROMPT] Password:`."""
        if super().check_password_prompt(b_output):
            return True
        wrapped = ("[sudo: %s]" % self.prompt).encode()
        # At the start of a line alone: ssh's own log (-vvv) holds the prompt too, in the command that it runs.
        return bool(self.prompt) and any(line.strip().startswith(wrapped) for line in b_output.splitlines())
