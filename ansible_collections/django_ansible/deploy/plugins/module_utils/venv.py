# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Virtual environments, one for each set of requirements, shared by the releases that need the same."""
from __future__ import annotations

import glob
import hashlib
import os
import shutil

from ansible_collections.django_ansible.deploy.plugins.module_utils.application import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.uv import find_uv, install_uv, uv_environment

# Looked for in the folder of manage.py when the role names none; the first that exists is used.
USUAL_REQUIREMENTS = ("requirements.txt", "requirements/production.txt", "requirements/prod.txt")
LOCK = "uv.lock"
COMPLETE = ".complete"

# Tells whether a version of Python is one that a project asks for: prints what it asks for when it is not. The host's own
# Python runs it, with what its pip carries.
JUDGE_PYTHON = """
import sys
try:
    import tomllib
except ImportError:
    from pip._vendor import tomli as tomllib
from pip._vendor.packaging.specifiers import SpecifierSet
with open(sys.argv[1], "rb") as file:
    asked = tomllib.load(file).get("project", {}).get("requires-python", "")
if not SpecifierSet(asked).contains(sys.argv[2], prereleases=True):
    print(asked)
"""


def nearest(name: str, folder: str, top: str) -> str | None:
    """The file of that name in *folder* or the closest folder above it, up to *top*."""
    folder, top = os.path.abspath(folder), os.path.abspath(top)
    while True:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            return path
        if folder in (top, os.path.dirname(folder)):
            return None
        folder = os.path.dirname(folder)


class Requirements:
    """What a release's virtual environment is made of."""

    def __init__(
        self, release_dir: str, project_dir: str, files: list[str], packages: list[str], python: str, installer: str, servers: dict
    ) -> None:
        self.project_dir = project_dir
        self.pyproject = nearest("pyproject.toml", project_dir, release_dir)
        self.lock = nearest(LOCK, project_dir, release_dir) if installer == "uv" and not files else None
        self.files = files or ([] if self.lock else self._usual_files())
        self.packages = packages
        self.python = python
        self.installer = installer
        self.servers = servers

    def _usual_files(self) -> list[str]:
        for name in USUAL_REQUIREMENTS:
            if os.path.exists(os.path.join(self.project_dir, name)):
                return [name]
        raise CommandFailed(
            "no requirements found: looked for %s; name the file in django_app_requirements" % ", ".join((LOCK, *USUAL_REQUIREMENTS))
        )

    def check_python(self) -> None:
        """Refuses an interpreter that the project's C(requires-python) excludes.

        :raises CommandFailed: with both versions and what to do.
        """
        if not self.pyproject:
            return
        version = run([self.python, "-c", "import platform; print(platform.python_version())"], timeout=30).strip()
        asked = run(["/usr/bin/python3", "-c", JUDGE_PYTHON, self.pyproject, version], timeout=30).strip()
        if asked:
            raise CommandFailed(
                "the project asks for Python %s (requires-python in %s) and %s on this host is %s: install one that fits and set django_app_python to its path"
                % (asked, os.path.basename(self.pyproject), self.python, version)
            )

    def _contents(self) -> list[bytes]:
        contents = []
        for path in (self.lock, self.pyproject) if self.lock else ():
            with open(path, "rb") as file:
                contents.append(file.read())
        for name in self.files:
            try:
                with open(os.path.join(self.project_dir, name), "rb") as file:
                    contents.append(file.read())
            except OSError as error:
                raise CommandFailed("the requirements file %s is not in this release (%s)" % (name, error.strerror)) from error
        return contents

    def key(self) -> str:
        """Names the environment: equal requirements, interpreter and installer give an equal key."""
        interpreter = run([self.python, "-c", "import sys; print(sys.version, sys.implementation.cache_tag)"], timeout=30)
        digest = hashlib.sha256()
        # Files that a requirements file includes count too: the folder's other requirement files are part of the key.
        for part in (*self._contents(), *self._included(), *map(str.encode, (*self.packages, interpreter, self.installer, *self.servers.values()))):
            digest.update(b"%d:" % len(part) + part)
        return digest.hexdigest()[:16]

    def _included(self) -> list[bytes]:
        contents = []
        for folder in sorted({os.path.dirname(os.path.join(self.project_dir, name)) for name in self.files}):
            for name in sorted(os.listdir(folder)):
                if name.endswith((".txt", ".in")) and ("require" in name or "constrain" in name or os.path.basename(folder).startswith("require")):
                    with open(os.path.join(folder, name), "rb") as file:
                        contents.append(file.read())
        return contents

    def missing_servers(self, path: str) -> list[str]:
        """What serves the application and that the requirements did not bring: the requirement to add for each missing package."""
        return [
            requirement for package, requirement in self.servers.items() if not glob.glob(os.path.join(path, "lib", "python3*", "site-packages", package))
        ]

    def export_lock(self, uv: str, env: dict, path: str) -> list[str]:
        """Writes what uv.lock holds for production to *path*, as the installer takes it.

        :raises CommandFailed: when the lock is not the one of its pyproject.toml.
        """
        command = [uv, "export", "--quiet", "--locked", "--no-dev", "--no-emit-project", "--python", self.python, "--output-file", path]
        try:
            run(command, env=env, cwd=os.path.dirname(self.lock))
        except CommandFailed as error:
            if "needs to be updated" in str(error):
                raise CommandFailed("uv.lock is not up to date with pyproject.toml: run `uv lock` in the project and commit uv.lock") from error
            raise
        return ["--requirement", path]

    def install_arguments(self) -> list[str]:
        return [part for name in self.files for part in ("--requirement", name)] + self.packages


def build(path: str, requirements: Requirements, tools_dir: str, cache_dir: str) -> bool:
    """Makes the virtual environment at *path* unless it is there and complete. Tells whether it made it.

    :raises CommandFailed: with the installer's last lines.
    """
    requirements.check_python()
    if os.path.exists(os.path.join(path, COMPLETE)):
        return False
    shutil.rmtree(path, ignore_errors=True)
    python = os.path.join(path, "bin", "python")
    locked = []
    if requirements.installer == "uv":
        uv = find_uv(tools_dir) or install_uv(tools_dir)
        env = uv_environment(cache_dir)
        run([uv, "venv", "--quiet", "--python", requirements.python, path], env=env)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        if requirements.lock:
            locked = requirements.export_lock(uv, env, os.path.join(path, "locked.txt"))
    else:
        env = None
        run([requirements.python, "-m", "venv", path])
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    run([*install, *locked, *requirements.install_arguments()], env=env, cwd=requirements.project_dir)
    missing = requirements.missing_servers(path)
    if missing:
        run([*install, *missing], env=env, cwd=requirements.project_dir)
    with open(os.path.join(path, COMPLETE), "w", encoding="utf-8"):
        pass
    return True
