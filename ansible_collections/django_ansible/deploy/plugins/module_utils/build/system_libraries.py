# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Debian packages that Python packages need, to be built and to run, installed where they turn out to be needed."""
from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable, Collection

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.lock_files import normal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install, missing_packages

# What uv and pip say of a package that they could not build.
NOT_BUILT = re.compile(
    r"(?:Failed to (?:download and )?build `|Failed building wheel for |Encountered error while trying to install package\.\s+╰─> )"
    r"([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)"
)
# pip leaves the name out when a package does not get as far as its metadata; it is the one that pip collected last.
STOPPED = "error: subprocess-exited-with-error"
COLLECTING = re.compile(r"^\s*Collecting ([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)", re.MULTILINE)
# Stands for every Python package in the table.
ANY = "*"


class SystemLibraries:
    """The table, and what was installed by it.

    :param table: entries with C(python), names of Python packages or C(*) for whatever has to be built, and C(build) and C(run), Debian
        packages; or with C(missing), a pattern of what Python says without them, in place of C(python).
    :param wait: is called before something is installed, and waits for an installation that goes on.
    """

    def __init__(self, table: list[dict], wait: Callable[[], object] = bool) -> None:
        self.table = table
        self.wait = wait
        self.told: list[str] = []
        # A package may go by another name on this release, and then it never looks installed.
        self.tried: set[str] = set()

    def _entries(self, names: set[str]) -> list[dict]:
        return [entry for entry in self.table if names & {normal(name) for name in entry.get("python", [])}]

    def _install(self, packages: list[str], why: str) -> bool:
        """Installs those that are not there. Tells whether there were any."""
        missing = [name for name in missing_packages(packages) if name not in self.tried] if packages else []
        if not missing:
            return False
        self.tried.update(missing)
        self.wait()
        apt_install(missing)
        self.told.append("Debian packages %s, %s" % (", ".join(missing), why))
        return True

    def with_build_tools(self, install) -> None:
        """Calls *install*; when packages cannot be built, again with what they need for it, as long as that is something more."""
        while True:
            try:
                return install()
            except CommandFailed as error:
                names = not_built(error.printed)
                needed = [package for entry in self._entries({ANY, *names}) for package in entry.get("build", [])] if names else []
                if self._install(needed, "to build " + ", ".join(sorted(names))):
                    continue
                if names:
                    raise CommandFailed(
                        "%s cannot be built on this host: name the Debian packages that it needs in django_app_extra_packages. %s"
                        % (", ".join(sorted(names)), error),
                        error.printed,
                    ) from error
                raise

    def users(self) -> list[str]:
        """The Python packages that load something at run time."""
        return sorted({normal(name) for entry in self.table if entry.get("run") for name in entry.get("python", [])})

    def loaded_by(self, names: set[str]) -> list[str]:
        """What Python packages load at run time."""
        return [package for entry in self._entries(names) for package in entry.get("run", [])]

    def for_installed(self, venv_dir: str, unpacked: Collection[str] = ()) -> None:
        """Installs what the packages of a virtual environment load at run time.

        :param unpacked: what can be loaded by now, though it is still being installed.
        """
        found = glob.glob(os.path.join(venv_dir, "lib", "python3*", "site-packages", "*.dist-info"))
        names = {normal(os.path.basename(path).rsplit("-", 1)[0]) for path in (path[: -len(".dist-info")] for path in found)}
        self._install([package for package in self.loaded_by(names) if package not in unpacked], "which installed Python packages load")

    def for_error(self, text: str) -> bool:
        """Installs what Python says it misses. Tells whether it is worth to try again."""
        needed = [package for entry in self.table if entry.get("missing") and re.search(entry["missing"], text) for package in entry["run"]]
        return self._install(needed, "which the project's code loads")


def not_built(printed: str) -> set[str]:
    """The Python packages that an installer could not build, as it says itself."""
    found = NOT_BUILT.findall(printed)
    if not found and STOPPED in printed:
        found = COLLECTING.findall(printed.partition(STOPPED)[0])[-1:]
    return set(map(normal, found))
