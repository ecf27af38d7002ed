# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a commit would change, found out with its own code beside the release that serves. Nothing of it stays on the host."""
from __future__ import annotations

import difflib
import glob
import os
import re
import shutil
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import release_environment

# What an installer may read, relative to the folder of manage.py and to the top of the repository.
REQUIREMENT_FILES = ("*requirements*.txt", "*requirements*.in", "requirements/*.txt", "requirements/*.in", "constraints*.txt")
PROJECT_FILES = ("pyproject.toml", "uv.lock", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile", "Pipfile.lock", "setup.cfg", "setup.py")
LOCKED = re.compile(r'^name = "([^"]+)"\nversion = "([^"]+)"', re.MULTILINE)


def requirement_files(release_dir: str, app_path: str) -> dict:
    """The texts of a release's requirement files by their path."""
    texts = {}
    for folder in {release_dir, os.path.normpath(os.path.join(release_dir, app_path))}:
        for pattern in REQUIREMENT_FILES + PROJECT_FILES:
            for path in glob.glob(os.path.join(folder, pattern)):
                with open(path, encoding="utf-8", errors="replace") as file:
                    texts[os.path.relpath(path, release_dir)] = file.read()
    return texts


def requirement_changes(before: dict, after: dict) -> list[str]:
    """Lines that requirement files lose and gain, C(-django==5.1) and C(+django==5.2); of lock files the packages."""
    lines = {True: [], False: []}
    for texts, gained in ((before, False), (after, True)):
        for path, text in sorted(texts.items()):
            lines[gained] += ["%s==%s" % pair for pair in LOCKED.findall(text)] if path.endswith(".lock") else _plain_lines(path, text)
    changes = difflib.ndiff(sorted(set(lines[False])), sorted(set(lines[True])))
    return [line[0] + line[2:] for line in changes if line[0] in "+-"]


def _plain_lines(path: str, text: str) -> list[str]:
    if not path.endswith((".txt", ".in")):
        return []
    lines = (line.split(" --hash")[0].split(" #")[0].rstrip("\\ ").strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "--hash"))]


class Prediction:
    """What is found out, as the events file takes it."""

    def __init__(self) -> None:
        self.found = {"migrations": [], "requirements": [], "unknown": [], "warnings": []}

    def ask(self, application: Application, check_level: str, certain: bool) -> None:
        """Asks the new code's Django. *certain* is whether it runs with the requirements that it would get.

        :raises CommandFailed: when the deploy would certainly end there.
        """
        checks = ["check", "missing_migrations"] if check_level != "none" else []
        try:
            answer = application.drive(*checks, "plan", check_level=check_level.upper())
        except CommandFailed as error:
            if certain:
                raise
            self.found["unknown"].append(
                "migrations and Django's checks: the requirements change, and with those of the release that serves the new code says: %s"
                % " ".join(str(error).split())[-300:]
            )
            return
        self.found["migrations"] = answer["plan"]["migrations"]
        self.found["warnings"] = [warning for step in checks for warning in answer[step]["warnings"]]
        if not certain:
            self.found["unknown"].append("migrations of requirements that change, since the new ones are not installed on the host")


def predict(layout, params: dict, unpack) -> dict:
    """What preparing the commit would find. *unpack* puts its code into a folder that is not there yet.

    :raises CommandFailed: when the deploy would certainly end there, with the words that it would end with.
    """
    prediction = Prediction()
    live = layout.live_release()
    live_dir = layout.release_dir(live) if live else None
    if not live_dir or not os.path.isdir(os.path.join(live_dir, ".venv")):
        prediction.found["unknown"].append(
            "migrations and Django's checks: no release is on this host yet; the first deploy installs the requirements and applies every migration "
            "that the database lacks"
        )
        return prediction.found
    folder = tempfile.mkdtemp(prefix="django-ansible-check-", dir="/var/tmp")
    try:
        os.chmod(folder, 0o755)
        code = os.path.join(folder, "code")
        unpack(code)
        before, after = (requirement_files(path, params["app_path"]) for path in (live_dir, code))
        prediction.found["requirements"] = requirement_changes(before, after)
        os.symlink(os.path.realpath(os.path.join(live_dir, ".venv")), os.path.join(code, ".venv"))
        environment = release_environment(params, layout, live)
        application = Application(code, params["app_path"], params["app_user"], layout.app_dir, environment)
        _carry_settings(layout.read_release(live).get("settings_module"), os.path.join(live_dir, params["app_path"]), application.project_dir)
        prediction.ask(application, params["check_level"], certain=before == after)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return prediction.found


def _carry_settings(name: str | None, source_dir: str, target_dir: str) -> None:
    """The module that completes the project's settings, which a deploy would write anew for the new code."""
    source = os.path.join(source_dir, "%s.py" % name)
    if not name or not os.path.exists(source):
        return
    target = os.path.join(target_dir, "%s.py" % name)
    shutil.copy2(source, target)
    found = os.stat(source)
    os.chown(target, found.st_uid, found.st_gid)
