# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Debian packages that are installed while something goes on that does not need them."""
from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install, missing_packages

# Seconds; whoever installed something right before has renewed the package lists.
JUST_NOW = 600


class Beside:
    """An installation that goes on beside this.

    :param packages: those of them that are missing are installed.
    """

    def __init__(self, packages: list[str]) -> None:
        self.missing = missing_packages(packages) if packages else []
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._install)
        if self.missing:
            self.thread.start()

    def _install(self) -> None:
        try:
            apt_install(self.missing, max_age=JUST_NOW)
        except BaseException as error:  # noqa: BLE001 It is raised by whoever waits.
            self.failure = error

    def wait(self) -> bool:
        """Waits for its end. Tells whether there was anything to wait for, once.

        :raises CommandFailed: with apt's last lines.
        """
        missing, self.missing = self.missing, []
        if missing:
            self.thread.join()
        if self.failure:
            raise self.failure
        return bool(missing)


@contextlib.contextmanager
def installed_beside(packages: list[str]) -> Iterator[Beside]:
    """Its body goes on meanwhile, and no installation outlives it."""
    begun = Beside(packages)
    try:
        yield begun
        begun.wait()
    finally:
        if begun.missing:
            begun.thread.join()
