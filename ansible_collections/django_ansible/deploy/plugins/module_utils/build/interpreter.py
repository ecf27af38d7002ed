# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Which Python a project asks for, and which one on the host fits."""
from __future__ import annotations

import glob
import os
import re
import sys
from typing import NamedTuple

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.lock_files import load_json, load_toml
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.requirements import folders_up, read
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.pythons import OWN, own


class Asked(NamedTuple):
    """What a checkout asks for: a range of versions, one minor version, and the files that say so."""

    range: str
    range_file: str
    minor: str
    minor_file: str

    def sentence(self) -> str:
        parts = []
        if self.range:
            parts.append("Python %s (%s)" % (self.range, self.range_file))
        if self.minor:
            parts.append("Python %s (%s)" % (self.minor, self.minor_file))
        return " and ".join(parts)


def first_file(names: tuple[str, ...], project_dir: str, release_dir: str) -> str | None:
    paths = (os.path.join(folder, name) for folder in folders_up(project_dir, release_dir) for name in names)
    return next((path for path in paths if os.path.isfile(path)), None)


def asked_by(release_dir: str, project_dir: str) -> Asked:
    """Reads C(requires-python), C(python_requires), C(.python-version), C(runtime.txt) and Pipfile.lock, the nearest to manage.py each."""
    return Asked(*_range(release_dir, project_dir), *_minor(release_dir, project_dir))


def _range(release_dir: str, project_dir: str) -> tuple[str, str]:
    path = first_file(("pyproject.toml",), project_dir, release_dir)
    asked = load_toml(path).get("project", {}).get("requires-python", "") if path else ""
    if asked:
        return asked, "requires-python in pyproject.toml"
    path = first_file(("poetry.lock",), project_dir, release_dir)
    asked = load_toml(path).get("metadata", {}).get("python-versions", "") if path else ""
    # Poetry also writes what only Poetry reads: ^3.11, alternatives.
    if asked and re.fullmatch(r"[<>=!~]=?[\d.*]+(\s*,\s*[<>=!~]=?[\d.*]+)*", asked):
        return asked, "python-versions in poetry.lock"
    path = first_file(("setup.cfg",), project_dir, release_dir)
    found = re.search(r"^python_requires\s*=\s*(\S.*)$", read(path), re.MULTILINE) if path else None
    return (found.group(1).strip(), "python_requires in setup.cfg") if found else ("", "")


def _minor(release_dir: str, project_dir: str) -> tuple[str, str]:
    for name in (".python-version", "runtime.txt"):
        path = first_file((name,), project_dir, release_dir)
        found = re.search(r"^\s*(?:c?python-?)?(3\.\d+)", read(path), re.MULTILINE) if path else None
        if found:
            return found.group(1), name
    path = first_file(("Pipfile.lock",), project_dir, release_dir)
    requires = load_json(path).get("_meta", {}).get("requires", {}) if path else {}
    found = re.match(r"3\.\d+", requires.get("python_full_version") or requires.get("python_version") or "")
    return (found.group(0), "Pipfile.lock") if found else ("", "")


def contains(asked: str, version: str) -> bool:
    """Whether a version is in a range as C(requires-python) writes it."""
    if "/usr/lib/python3/dist-packages" not in sys.path:
        sys.path.append("/usr/lib/python3/dist-packages")
    from pip._vendor.packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(asked).contains(version, prereleases=True)
    except InvalidSpecifier as error:
        raise CommandFailed("the project asks for Python %s, which is no range of versions: correct requires-python (or python_requires) to one such as >=3.11" % asked) from error


def fits(asked: Asked, version: str) -> bool:
    return (not asked.range or contains(asked.range, version)) and (not asked.minor or version.split(".")[:2] == asked.minor.split("."))


def version_of(python: str) -> str:
    return run([python, "-c", "import platform; print(platform.python_version())"], timeout=30).strip()


def candidates() -> list[str]:
    """The host's own Python first, by its version, so that what is made with it outlives the next Debian; then the others that it has, newest first."""
    others = [path for folder in ("/usr/bin", "/usr/local/bin") for path in glob.glob(folder + "/python3.*") if re.search(r"/python3\.\d+$", path)]
    return [own(), *sorted(others, key=lambda path: -int(path.rpartition(".")[2]))]


def choose(asked: Asked, wanted: str, install) -> str:
    """Path of the interpreter for a release.

    :param wanted: what C(django_app_python) says: a path, a version, or nothing.
    :param install: installs a version and returns its path; called when the host has none that fits.
    :raises CommandFailed: when none fits, with what is asked and what to do.
    """
    if wanted.startswith("/"):
        try:
            version = version_of(wanted)
        except (CommandFailed, OSError) as error:
            raise CommandFailed("django_app_python is %s, which is no Python of this host: name one that it has, or a version such as \"3.12\" (%s)" % (wanted, error)) from error
        if asked.range and not contains(asked.range, version):
            raise CommandFailed("the project asks for %s and django_app_python, %s, is %s: name another one there, or leave it out" % (asked.sentence(), wanted, version))
        return wanted
    if wanted:
        asked = Asked(asked.range, asked.range_file, ".".join(wanted.split(".")[:2]), "django_app_python")
    if asked.minor and asked.range and not any(contains(asked.range, "%s.%d" % (asked.minor, patch)) for patch in (0, 99)):
        raise CommandFailed("the project asks for %s, and no Python is both: make them agree" % asked.sentence())
    for python in candidates():
        if fits(asked, version_of(python)):
            return python
    try:
        return install(asked.minor or asked.range)
    except CommandFailed as error:
        # A file that names one version is often older than the project's own range, or a habit of another platform.
        takes_own = asked.minor and (not asked.range or contains(asked.range, version_of(OWN)))
        own = "set django_app_python: %s to run it with that, " % OWN if takes_own else ""
        raise CommandFailed(
            "the project asks for %s, %s on this host is %s, and none could be installed: %sinstall one that fits and set django_app_python to its path, or "
            "name a mirror in django_app_install_env (UV_PYTHON_INSTALL_MIRROR). %s" % (asked.sentence(), OWN, version_of(OWN), own, error)
        ) from error
