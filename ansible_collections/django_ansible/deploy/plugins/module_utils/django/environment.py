# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The application's environment: what a command gets, and what must not be shown."""
from __future__ import annotations

import contextlib
import json
import os

# Names whose values everyone may read; every other value of the environment is treated as a secret.
PUBLIC_NAMES = frozenset(
    ("DJANGO_SETTINGS_MODULE", "ALLOWED_HOSTS", "STATIC_ROOT", "MEDIA_ROOT", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER")
)
SHORTEST_SECRET = 6


class Environment:
    """The application's environment: what a command gets, and what must not be shown."""

    def __init__(self, values: dict, credentials: list[str] | tuple[str, ...] = ()) -> None:
        self.values = {str(name): str(value) for name, value in values.items()}
        # Names that the application reads from files, NAME_FILE says which, and does not get as variables.
        self.credentials = sorted(credentials)

    @classmethod
    def parse(cls, text: str, credentials: list[str] | tuple[str, ...] = ()) -> Environment:
        """Reads the JSON object in which modules receive it. One text, so that no_log hides it whole and never a part of other output."""
        return cls(json.loads(text or "{}"), credentials)

    def variables(self) -> dict:
        """What the application gets as variables."""
        return {name: value for name, value in self.values.items() if name not in self.credentials}

    @contextlib.contextmanager
    def for_command(self, home: str):
        """The variables of a command, and the descriptors that it has to inherit: its credentials, in memory, so that nothing is left behind."""
        variables = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": home, **self.variables()}
        with contextlib.ExitStack() as stack:
            descriptors = []
            for name in filter(self.values.__contains__, self.credentials):
                file = stack.enter_context(os.fdopen(os.memfd_create(name), "wb"))
                file.write(self.values[name].encode())
                file.flush()
                variables[name + "_FILE"] = "/proc/self/fd/%d" % file.fileno()
                descriptors.append(file.fileno())
            yield variables, tuple(descriptors)

    def mask(self, text: str) -> str:
        secrets = {value for name, value in self.values.items() if name not in PUBLIC_NAMES and len(value) >= SHORTEST_SECRET}
        lines = {line for secret in secrets for line in secret.splitlines() if len(line) >= SHORTEST_SECRET}
        for secret in sorted(secrets | lines, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def env_file(self) -> str:
        """The environment as systemd's EnvironmentFile reads it: double quotes keep spaces, line ends, # and =."""
        lines = []
        for name, value in sorted(self.variables().items()):
            quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`").replace("$", "\\$")
            lines.append('%s="%s"' % (name, quoted))
        return "\n".join(["# Ansible managed", *lines, ""])
