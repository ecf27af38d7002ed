# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A lock that a person puts on an application, with a message: no deploy takes place until a person lifts it. It outlives restarts of the host."""
from __future__ import annotations

import contextlib
import json
import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import write_atomically_as

FOLDER = "/var/lib/django-ansible-deploy"

FREEZE_ARGUMENTS = {
    "state": {"type": "str", "choices": ["locked", "unlocked"], "default": "locked"},
    "note": {"type": "str", "default": ""},
}


class Freeze:
    """*folder* is where it is kept, root's own."""

    def __init__(self, app_name: str, folder: str = FOLDER) -> None:
        self.path = os.path.join(folder, app_name + ".freeze")

    def read(self) -> dict:
        """`actor`, `since` (seconds since the epoch) and `message`; empty when there is none."""
        try:
            with open(self.path, encoding="utf-8") as file:
                found = json.load(file)
        except (FileNotFoundError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def put(self, actor: str, message: str) -> bool:
        """Tells whether that changed anything: the one who locked first stays named as long as the message is the same."""
        found = self.read()
        if found and found.get("message") == message:
            return False
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        write_atomically_as(self.path, json.dumps({"actor": actor, "since": time.time(), "message": message}).encode(), 0o600, os.getuid(), os.getgid())
        return True

    def lift(self) -> bool:
        existed = bool(self.read())
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)
        return existed

    def ensure(self, params: dict, check_mode: bool) -> dict:
        """Does what FREEZE_ARGUMENTS ask for, and answers as the modules do that have them."""
        found, locks = self.read(), params["state"] == "locked"
        if check_mode:
            return {"changed": not found or found.get("message") != params["note"] if locks else bool(found), "lock": self.describe()}
        changed = self.put(params["actor"], params["note"]) if locks else self.lift()
        return {"changed": changed, "lock": self.describe()}

    def describe(self) -> str | None:
        """In words, for people; None when there is none."""
        found = self.read()
        if not found:
            return None
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(found.get("since", 0)))
        message = " ".join(str(found.get("message") or "").split())
        return "locked%s since %s%s" % (" by " + found["actor"] if found.get("actor") else "", since, ": " + message if message else "")
