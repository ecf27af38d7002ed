# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The application's environment: what a command gets, and what must not be shown."""
from __future__ import annotations

import json

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import environment_file

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

    def given_credentials(self) -> dict:
        """What the application reads from files, by name."""
        return {name: self.values[name] for name in self.credentials if name in self.values}

    def env_file(self) -> str:
        """The variables as a unit of systemd reads them."""
        return environment_file(self.variables())

    def mask(self, text: str) -> str:
        secrets = {value for name, value in self.values.items() if name not in PUBLIC_NAMES and len(value) >= SHORTEST_SECRET}
        lines = {line for secret in secrets for line in secret.splitlines() if len(line) >= SHORTEST_SECRET}
        for secret in sorted(secrets | lines, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text
