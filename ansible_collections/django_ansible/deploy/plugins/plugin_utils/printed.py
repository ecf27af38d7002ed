# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What an operation is asked for prints: shown in the log as it comes, and written to a file for whoever started Ansible and names one."""
from __future__ import annotations

import os
import re

from ansible.utils.display import Display

display = Display()
# Whoever starts Ansible names the file, which is made 0600.
FILE = "DJANGO_ANSIBLE_OUTPUT_PATH"
MOST = 4 << 20  # characters that are shown and written
# A stranger's lines move no cursor and ring no bell.
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class Printed:
    def __init__(self) -> None:
        self._left = MOST
        self.cut = False

    def show(self, text: str) -> None:
        """Shows whole lines."""
        text = CONTROL.sub("", text.replace("\r\n", "\n"))
        shown, self._left = text[: self._left], self._left - len(text)
        self.cut = self._left < 0
        self._left = max(self._left, 0)
        if not shown:
            return
        for line in shown.rstrip("\n").split("\n"):
            display.display(line)
        path = os.environ.get(FILE)
        if path:
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8", errors="replace") as file:
                file.write(shown)
