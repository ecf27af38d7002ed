# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Debian packages that are installed while something goes on that does not need them, or needs a few of them soon."""
from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install, missing_packages, renew_lists, unpacked_packages

Result = TypeVar("Result")
# Seconds; whoever installed something right before has renewed the package lists.
JUST_NOW = 600
# Seconds in which somebody may still say what is needed soon, once the lists are there.
SAID = 5.0
# Seconds between two looks at what is unpacked by now.
LOOK = 0.2


def meanwhile(work: Callable[[], Result]) -> Callable[[], Result]:
    """Begins *work*, and gives what waits for it: that returns or raises what the work did."""
    done: list[Result] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(work())
        except BaseException as error:  # noqa: BLE001 It is raised by whoever waits.
            failed.append(error)

    def result() -> Result:
        thread.join()
        if failed:
            raise failed[0]
        return done[0]

    thread = threading.Thread(target=run)
    thread.start()
    return result


class Beside:
    """An installation that goes on beside this.

    :param packages: those of them that are missing are installed.
    """

    def __init__(self, packages: list[str]) -> None:
        self.missing = missing_packages(packages) if packages else []
        self.failure: BaseException | None = None
        self.soon: list[str] = []
        self.is_said = threading.Event()
        self.thread = threading.Thread(target=self._install, args=(self.missing,))
        if self.missing:
            self.thread.start()

    def _install(self, packages: list[str]) -> None:
        try:
            renew_lists(JUST_NOW)
            self.is_said.wait(SAID)
            soon = self.soon
            try:
                # In one run: each takes its time to read the lists and to find out what belongs together.
                apt_install([*packages, *soon], max_age=JUST_NOW)
            except CommandFailed:
                if not soon:
                    raise
                # The host may know one of them by another name. Whoever needs them looks again what is missing, and says what is wrong.
                apt_install(packages, max_age=JUST_NOW)
        except BaseException as error:  # noqa: BLE001 It is raised by whoever waits.
            self.failure = error

    def say(self, packages: list[str]) -> None:
        """Has those that are missing installed with the others, unless these are being installed by now."""
        if self.missing:
            self.soon = missing_packages(packages) if packages else []
            self.is_said.set()

    def wait_for_soon(self) -> list[str]:
        """Waits until what :meth:`say` named is unpacked, which is all that it takes to load a library, or until the installation has ended. Returns those that are."""
        unpacked: list[str] = []
        while len(unpacked) < len(self.soon):
            # Asked first: what was unpacked when it ended counts.
            goes_on, unpacked = self.thread.is_alive(), unpacked_packages(self.soon)
            if not goes_on:
                break
            time.sleep(LOOK)
        return unpacked

    def wait(self) -> bool:
        """Waits for its end, also beside another one who does. Tells whether there was anything to wait for, once.

        :raises CommandFailed: with apt's last lines.
        """
        missing, self.missing = self.missing, []
        self.is_said.set()
        goes_on = self.thread.is_alive()
        if goes_on:
            self.thread.join()
        if self.failure:
            raise self.failure
        return bool(missing) or goes_on


@contextlib.contextmanager
def installed_beside(packages: list[str]) -> Iterator[Beside]:
    """Its body goes on meanwhile, and no installation outlives it."""
    begun = Beside(packages)
    try:
        yield begun
        begun.wait()
    finally:
        begun.is_said.set()
        # Also where somebody who waited was interrupted.
        if begun.thread.is_alive():
            begun.thread.join()
