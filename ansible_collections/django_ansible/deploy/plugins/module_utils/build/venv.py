# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Virtual environments, one for each set of requirements, shared by the releases that need the same."""
from __future__ import annotations

import glob
import hashlib
import os
import re
from dataclasses import dataclass, field

from ansible_collections.django_ansible.deploy.plugins.module_utils.build import interpreter, lock_files, requirements
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run

# The name with which a line of requirements begins.
REQUIREMENT = re.compile(r"^[^\S\n]*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)", re.MULTILINE)
# What uv and pip say of packages that are not for this Python.
TOO_OLD = re.compile(r"Python version \([\d.]+\) does not\s+satisfy|Requires-Python", re.IGNORECASE)


@dataclass
class Wishes:
    """What the deploy says about a release's virtual environment; what it leaves open the checkout decides."""

    release_dir: str
    project_dir: str
    revision: str
    settings_module: str
    files: list = field(default_factory=list)
    packages: list = field(default_factory=list)
    extras: list = field(default_factory=list)
    groups: list = field(default_factory=list)
    python: str = ""
    installer: str = "uv"
    servers: dict = field(default_factory=dict)
    strict_lock: bool = False
    install_folder: str = ""
    # Where uv is, when it is the installer, and the Pythons that root installed with it: a path by what was asked for, or what was wrong.
    uv: str = ""
    pythons: dict = field(default_factory=dict)
    python_trouble: str = ""


class PythonNeeded(Exception):
    """The host has no Python that fits; the text is the version, or range of versions, that root has to install."""


class Plan:
    """What a virtual environment is made of, and why.

    :raises CommandFailed: when the checkout does not say what it needs, or contradicts itself.
    :raises PythonNeeded: when root has to install a Python first.
    """

    def __init__(self, wishes: Wishes) -> None:
        self.wishes = wishes
        self.told: list[str] = []
        self.warnings: list[str] = []
        self.packages = list(wishes.packages)
        try:
            self.source = None if wishes.files else requirements.find(wishes.release_dir, wishes.project_dir, wishes.installer)
            self.folder = self._install_folder()
            if not wishes.files and not self.source and not self.folder:
                self._take_generated()
            asked = interpreter.asked_by(wishes.release_dir, wishes.project_dir)
            self.python = interpreter.choose(asked, wishes.python, self._install_python)
        except lock_files.BadLock as error:
            raise CommandFailed(str(error)) from error
        self._tell(asked)
        self._warn_of_stale_lock()

    def named(self, watched: list[str]) -> list[str]:
        """Those of some packages that a plain file of requirements names; of others nobody knows before they are installed."""
        texts = [requirements.read(path) for path in self._plain_files() if os.path.isfile(path)]
        names = {lock_files.normal(name) for text in texts for name in REQUIREMENT.findall(text)}
        return sorted(names & set(watched))

    def _install_folder(self) -> str | None:
        wishes = self.wishes
        if wishes.install_folder:
            return os.path.normpath(os.path.join(wishes.release_dir, wishes.install_folder))
        return requirements.package_folder(wishes.release_dir, wishes.project_dir, wishes.settings_module)

    def _take_generated(self) -> None:
        version = requirements.generated_by(self.wishes.project_dir, self.wishes.settings_module)
        if version:
            self.packages.append("Django~=" + (version if version.count(".") == 2 else version + ".0"))
            self.warnings.append(
                "the repository does not say what it needs, so %s was installed, whose startproject wrote the settings: commit a requirements.txt"
                % self.packages[-1]
            )
        elif not self.packages:
            raise CommandFailed(
                "no requirements found: looked for %s; commit one, or name the file in django_app_requirements"
                % ", ".join((*requirements.LOCKS, *requirements.PLAIN, *requirements.DECLARED))
            )

    def _install_python(self, version: str) -> str:
        if self.wishes.installer != "uv":
            raise CommandFailed("only django_app_installer: uv installs a Python")
        if self.wishes.python_trouble:
            raise CommandFailed(self.wishes.python_trouble)
        if version not in self.wishes.pythons:
            raise PythonNeeded(version)
        return self.wishes.pythons[version]

    def _warn_of_stale_lock(self) -> None:
        missing = self._missing_in_lock()
        if missing and not self.wishes.strict_lock:
            self.warnings.append("uv.lock lacks %s of pyproject.toml, so that was not installed: run `uv lock` in the project and commit uv.lock" % ", ".join(missing))

    def _missing_in_lock(self) -> list[str]:
        if self.source is None or os.path.basename(self.source) != "uv.lock" or not os.path.isfile(os.path.join(os.path.dirname(self.source), "pyproject.toml")):
            return []
        return lock_files.missing_in_uv_lock(self.source)

    def _tell(self, asked: interpreter.Asked) -> None:
        files = self.wishes.files or ([os.path.relpath(self.source, self.wishes.release_dir)] if self.source else [])
        if files:
            self.told.append("requirements: %s (%s)" % (", ".join(files), "as set" if self.wishes.files else "django_app_requirements overrides"))
        if self.folder:
            self.told.append("the project itself is installed from %s (django_app_install_folder overrides)" % os.path.relpath(self.folder, self.wishes.release_dir))
        sentence = asked.sentence()
        self.told.append("Python: %s (%s; django_app_python overrides)" % (self.python, "required: " + sentence if sentence else "the project requires no other"))

    def missing_module_help(self) -> dict:
        """What to look at when the installed packages lack one: what else the checkout has, and where its own packages are."""
        wishes = self.wishes
        files = [os.path.normpath(os.path.join(wishes.project_dir, name)) for name in wishes.files] or ([self.source] if self.source else [])
        taken = [os.path.relpath(path, wishes.release_dir) for path in files]
        return {
            "taken": ", ".join(taken),
            "others": requirements.others(wishes.release_dir, wishes.project_dir, taken, [*wishes.extras, *wishes.groups]),
            "folders": requirements.importable(wishes.release_dir),
        }

    def _contents(self) -> list[bytes]:
        contents = []
        beside = os.path.join(os.path.dirname(self.source), "pyproject.toml") if self.source else ""
        named = [os.path.join(self.wishes.project_dir, name) for name in self.wishes.files]
        for path in [*named, *filter(None, [self.source]), *([beside] if os.path.exists(beside) else [])]:
            try:
                with open(path, "rb") as file:
                    contents.append(file.read())
            except OSError as error:
                raise CommandFailed("the requirements file %s is not in this release (%s)" % (os.path.basename(path), error.strerror)) from error
        return contents

    def _included(self) -> list[bytes]:
        """Files that a requirements file includes count too: the folder's other requirement files are part of the key."""
        contents = []
        for folder in sorted({os.path.dirname(path) for path in self._plain_files()}):
            for name in sorted(os.listdir(folder)):
                if name.endswith((".txt", ".in")) and ("require" in name or "constrain" in name or os.path.basename(folder).startswith("require")):
                    with open(os.path.join(folder, name), "rb") as file:
                        contents.append(file.read())
        return contents

    def _plain_files(self) -> list[str]:
        """Requirement files as pip takes them."""
        if self.wishes.files:
            return [os.path.join(self.wishes.project_dir, name) for name in self.wishes.files]
        return [self.source] if self.source and self.source.endswith(".txt") else []

    def _is_local(self) -> bool:
        """Whether it holds code of this one release."""
        return bool(self.folder) or any(map(requirements.is_local, [*self._plain_files(), *filter(None, [self.source])]))

    def key(self) -> str:
        """Names the environment: equal requirements, interpreter and installer give an equal key."""
        wishes = self.wishes
        contents = [*self._contents(), *self._included()]
        version = run([self.python, "-c", "import sys; print(sys.version, sys.implementation.cache_tag)"], timeout=30)
        texts = (*self.packages, *wishes.extras, "", *wishes.groups, "", self.python, version, wishes.installer, *wishes.servers.values(), wishes.revision if self._is_local() else "")
        digest = hashlib.sha256()
        for part in (*contents, *map(str.encode, texts)):
            digest.update(b"%d:" % len(part) + part)
        return digest.hexdigest()[:16]

    def _source_arguments(self, path: str, env: dict | None) -> list[str]:
        """What the checkout's own file stands for, as installers take it; converted ones are written beside *path*."""
        name = os.path.basename(self.source)
        wishes = self.wishes
        if name == "uv.lock":
            return self._export_uv_lock(os.path.join(path, "locked.txt"), env)
        if name in ("poetry.lock", "Pipfile.lock"):
            lines = lock_files.pipfile_lines(self.source) if name == "Pipfile.lock" else lock_files.poetry_lines(self.source, wishes.extras, wishes.groups)
            locked = os.path.join(path, "locked.txt")
            with open(locked, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
            return ["--requirement", locked]
        if name in requirements.DECLARED and wishes.installer == "pip":
            extras = "[%s]" % ",".join(wishes.extras) if wishes.extras else ""
            return [os.path.dirname(self.source) + extras]
        chosen = [part for extra in wishes.extras for part in ("--extra", extra)] if name in requirements.DECLARED else []
        chosen += [part for group in wishes.groups for part in ("--group", "%s:%s" % (self.source, group))] if name == "pyproject.toml" else []
        return ["--requirement", self.source, *chosen]

    def _export_uv_lock(self, path: str, env: dict | None) -> list[str]:
        wishes = self.wishes
        chosen = [part for extra in wishes.extras for part in ("--extra", extra)] + [part for group in wishes.groups for part in ("--group", group)]
        command = [wishes.uv, "export", "--quiet", "--locked" if wishes.strict_lock else "--frozen", "--no-dev", "--no-emit-project", "--no-editable", "--python", self.python, *chosen]
        try:
            run([*command, "--output-file", path], env=env, cwd=os.path.dirname(self.source))
        except CommandFailed as error:
            if "needs to be updated" in str(error):
                missing = self._missing_in_lock()
                raise CommandFailed(
                    "uv.lock is not up to date with pyproject.toml%s: run `uv lock` in the project and commit uv.lock, or set django_app_strict_lock: false"
                    % (" (it lacks %s)" % ", ".join(missing) if missing else "")
                ) from error
            raise
        return ["--requirement", path]

    def missing_servers(self, path: str) -> list[str]:
        """What serves the application and that the requirements did not bring: the requirement to add for each missing package."""
        return [
            requirement
            for package, requirement in self.wishes.servers.items()
            if not glob.glob(os.path.join(path, "lib", "python3*", "site-packages", package))
        ]

    def _steps(self, path: str, env: dict | None) -> list[list[str]]:
        """Arguments of the installations, in their order. Extra packages come on their own: beside hashed ones pip refuses them."""
        wishes = self.wishes
        steps = []
        if wishes.files:
            steps.append([part for name in wishes.files for part in ("--requirement", name)])
        elif self.source:
            steps.append(self._source_arguments(path, env))
        if self.folder:
            steps.append(["--no-deps", self.folder] if self.source else [self.folder])
        if self.packages:
            steps.append(self.packages)
        return steps

    def install(self, path: str, install: list[str], env: dict) -> None:
        wishes = self.wishes
        own = requirements.own_build(wishes.release_dir, wishes.project_dir)
        for step in self._steps(path, {**versions_for(own, wishes.revision), **env}):
            alone = self.folder is not None and step[-1] == self.folder and "--no-deps" in step
            run([*install, *step], env={**(versions(wishes.revision) if alone else versions_for(own, wishes.revision)), **env}, cwd=wishes.project_dir)
        missing = self.missing_servers(path)
        if missing:
            run([*install, *missing], env=env, cwd=self.wishes.project_dir)


def versions(revision: str) -> dict:
    """What the project's own build gets that asks Git for its version, since a release has no repository."""
    version = "0.0.0+g" + revision[:7]
    return {"SETUPTOOLS_SCM_PRETEND_VERSION": version, "PBR_VERSION": "0.0.0", "POETRY_DYNAMIC_VERSIONING_BYPASS": version, "UV_DYNAMIC_VERSIONING_BYPASS": version}


# What reads each of them; setuptools_scm alone also knows one for a single project.
ASKS_GIT = {
    "SETUPTOOLS_SCM_PRETEND_VERSION": "hatch-vcs", "PBR_VERSION": "pbr", "POETRY_DYNAMIC_VERSIONING_BYPASS": "poetry-dynamic-versioning",
    "UV_DYNAMIC_VERSIONING_BYPASS": "uv-dynamic-versioning",
}


def versions_for(own: requirements.OwnBuild, revision: str) -> dict:
    """The same for a step that also builds packages of others, which have versions of their own."""
    given = versions(revision)
    named = {"SETUPTOOLS_SCM_PRETEND_VERSION_FOR_" + lock_files.normal(name).upper().replace("-", "_"): given["SETUPTOOLS_SCM_PRETEND_VERSION"] for name in own.names}
    return {**named, **{name: given[name] for name, tool in ASKS_GIT.items() if tool in own.requires}}


def build(path: str, plan: Plan) -> None:
    """Makes the virtual environment at *path*, an empty folder.

    :raises CommandFailed: with the installer's last lines.
    """
    python = os.path.join(path, "bin", "python")
    env = dict(os.environ)
    try:
        if plan.wishes.installer == "uv":
            run([plan.wishes.uv, "venv", "--quiet", "--python", plan.python, "--allow-existing", path], env=env)
            install = [plan.wishes.uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", python]
        else:
            run([plan.python, "-m", "venv", path], env=env)
            # Not quiet: system_libraries reads what pip collected.
            install = [python, "-m", "pip", "install", "--progress-bar", "off", "--disable-pip-version-check", "--no-input"]
        plan.install(path, install, env)
    except lock_files.BadLock as error:
        raise CommandFailed(str(error)) from error
    except CommandFailed as error:
        if TOO_OLD.search(error.printed):
            raise CommandFailed(
                "the requirements need another Python than %s: set django_app_python to a version that they take, such as \"3.12\", which uv installs if "
                "the host has none. %s" % (plan.python, error), error.printed,
            ) from error
        raise
