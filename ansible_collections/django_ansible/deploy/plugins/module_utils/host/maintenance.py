# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Nobody gets through to an application while a file is there. nginx looks at it for each request, so neither it nor the application notices.

Beside that file a folder has, by their names alone, the addresses and the words that get through all the same.
"""
from __future__ import annotations

import ipaddress
import json
import os
import re
import shutil

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, write_atomically_as

WORD = re.compile(r"[A-Za-z0-9]{16,64}")

MAINTENANCE_ARGUMENTS = {
    "enabled": {"type": "bool", "required": True},
    "allow": {"type": "list", "elements": "str", "default": []},
    "bypass": {"type": "str", "default": "", "no_log": True},
}


def describe(found: dict | None) -> str | None:
    """In words, for people."""
    return None if found is None else "since %s%s" % (found.get("since", "an unknown time"), ", by " + found["actor"] if found.get("actor") else "")


def addresses(given: list[str]) -> list[str]:
    """Addresses as nginx writes them.

    :raises CommandFailed: for what is none.
    """
    try:
        return sorted({str(ipaddress.ip_address(address)) for address in given})
    except ValueError as error:
        raise CommandFailed("django_app_maintenance_allow: %s: list single addresses, 192.0.2.7" % error) from error


class Maintenance:
    """An application's, whether it is on or off.

    :param switch: path of the file, root's own.
    :param let_through: path of the folder.
    """

    def __init__(self, switch: str, let_through: str) -> None:
        self.switch = switch
        self.let_through = let_through

    def known(self) -> dict | None:
        """Who switched it on and when; None while it is off."""
        try:
            with open(self.switch, encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None
        except ValueError:
            return {}

    def ensure(self, params: dict, told: dict, check_mode: bool) -> bool:
        """Does what MAINTENANCE_ARGUMENTS ask for. Tells whether that changed, or would change, anything."""
        if check_mode:
            return params["enabled"] == (self.known() is None)
        return self.switch_on(params["allow"], params["bypass"], told) if params["enabled"] else self.switch_off()

    def switch_on(self, allowed: list[str], word: str, told: dict) -> bool:
        """Tells whether that changed anything. *told* stays as it was when it is on already.

        :raises CommandFailed: for what is no address or no word, before anything is made.
        """
        allowed = addresses(allowed)
        if word and not WORD.fullmatch(word):
            raise CommandFailed("django_app_maintenance_bypass: use 16 to 64 letters and digits")
        folders = {"allowed": allowed, "bypass": [word] if word else []}
        before = self.known()
        if before is not None and all(set(self._names(folder)) == set(names) for folder, names in folders.items()):
            return False
        ensure_directory(self.let_through)
        for folder, names in folders.items():
            # Nobody but root may list them: the names are what opens.
            ensure_directory(os.path.join(self.let_through, folder), 0o711)
            for name in self._names(folder):
                if name not in names:
                    os.unlink(os.path.join(self.let_through, folder, name))
            for name in names:
                _write(os.path.join(self.let_through, folder, name), "")
        if before is None:
            _write(self.switch, json.dumps(told))
        return True

    def switch_off(self) -> bool:
        """Tells whether it was on."""
        was_on = os.path.lexists(self.switch)
        if was_on:
            os.unlink(self.switch)
        if os.path.isdir(self.let_through):
            shutil.rmtree(self.let_through)
        return was_on

    def _names(self, folder: str) -> list[str]:
        path = os.path.join(self.let_through, folder)
        return os.listdir(path) if os.path.isdir(path) else []


def _write(path: str, text: str) -> None:
    write_atomically_as(path, text.encode(), 0o644, os.getuid(), os.getgid())
