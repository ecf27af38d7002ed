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
COMPLETE = ".complete"


class Requirements:
    """What a release's virtual environment is made of."""

    def __init__(self, project_dir: str, files: list[str], packages: list[str], python: str, installer: str, servers: dict) -> None:
        self.project_dir = project_dir
        self.files = files or self._usual_files()
        self.packages = packages
        self.python = python
        self.installer = installer
        self.servers = servers

    def _usual_files(self) -> list[str]:
        for name in USUAL_REQUIREMENTS:
            if os.path.exists(os.path.join(self.project_dir, name)):
                return [name]
        raise CommandFailed("no requirements found: looked for %s; name the file in django_app_requirements" % ", ".join(USUAL_REQUIREMENTS))

    def _contents(self) -> list[bytes]:
        contents = []
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

    def install_arguments(self) -> list[str]:
        return [part for name in self.files for part in ("--requirement", name)] + self.packages


def build(path: str, requirements: Requirements, tools_dir: str, cache_dir: str) -> bool:
    """Makes the virtual environment at *path* unless it is there and complete. Tells whether it made it.

    :raises CommandFailed: with the installer's last lines.
    """
    if os.path.exists(os.path.join(path, COMPLETE)):
        return False
    shutil.rmtree(path, ignore_errors=True)
    python = os.path.join(path, "bin", "python")
    if requirements.installer == "uv":
        uv = find_uv(tools_dir) or install_uv(tools_dir)
        env = uv_environment(cache_dir)
        run([uv, "venv", "--quiet", "--python", requirements.python, path], env=env)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
    else:
        env = None
        run([requirements.python, "-m", "venv", path])
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    run([*install, *requirements.install_arguments()], env=env, cwd=requirements.project_dir)
    missing = requirements.missing_servers(path)
    if missing:
        run([*install, *missing], env=env, cwd=requirements.project_dir)
    with open(os.path.join(path, COMPLETE), "w", encoding="utf-8"):
        pass
    return True
