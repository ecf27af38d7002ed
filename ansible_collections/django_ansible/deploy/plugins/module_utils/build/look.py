# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a checkout needs, found without a host and without running anything of it: C(python3 -m ….build.look RELEASE MANAGE_DIR SETTINGS)."""
from __future__ import annotations

import json
import os
import re
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.build import interpreter, lock_files, requirements, settings_reads

# A line of requirements that names a package, and one that takes in another file.
PACKAGE = re.compile(r"^\s*([A-Za-z0-9][\w.-]*)(?![\w.-]|://)")
TAKES_IN = re.compile(r"^\s*(?:-r|--requirement)[\s=]+(\S+)")
# Files that are taken in at most.
MOST_FILES = 50


def look(release_dir: str, manage_dir: str, settings_module: str) -> dict:
    """What is known of a checkout.

    :returns: `requirements`, the file that is believed, "" for none; `folder`, what is installed as a package, "" for none; `python`, what is
        asked for, "" for nothing; `packages`, names as indexes compare them; `reads`, variables by name, true without a default.
    :raises lock_files.BadLock: for a lock that cannot be read.
    """
    project_dir = os.path.normpath(os.path.join(release_dir, manage_dir))
    source = requirements.find(release_dir, project_dir, "uv")
    folder = requirements.package_folder(release_dir, project_dir, settings_module)
    return {
        "requirements": os.path.relpath(source, release_dir) if source else "",
        "folder": os.path.relpath(folder, release_dir) if folder else "",
        "python": interpreter.asked_by(release_dir, project_dir).sentence(),
        "packages": sorted(packages_of(source)) if source else [],
        "reads": {read.name: read.required for read in settings_reads.reads(project_dir, settings_module)} if settings_module else {},
    }


def packages_of(path: str) -> set[str]:
    """The packages that a file of requirements names. Those of a setup.py or setup.cfg are known to their builder alone."""
    name = os.path.basename(path)
    if name == "Pipfile.lock":
        named = [found.group(1) for found in map(PACKAGE.match, lock_files.pipfile_lines(path)) if found]
    elif name == "pyproject.toml":
        declared = lock_files.load_toml(path).get("project", {}).get("dependencies", [])
        named = [found.group(1) for found in map(PACKAGE.match, declared) if found]
    elif name.endswith((".lock", ".toml")):
        about = lock_files.load_toml(path)
        named = [package["name"] for package in about.get("package", about.get("packages", []))]
    elif name.endswith(".txt"):
        named = list(_named_in(path))
    else:
        named = []
    return {lock_files.normal(one) for one in named}


def _named_in(path: str):
    waiting, seen = [os.path.normpath(path)], set()
    while waiting and len(seen) < MOST_FILES:
        file = waiting.pop()
        if file in seen or not os.path.isfile(file):
            continue
        seen.add(file)
        for line in requirements.read(file).splitlines():
            taken, package = TAKES_IN.match(line), PACKAGE.match(line)
            if taken:
                waiting.append(os.path.normpath(os.path.join(os.path.dirname(file), taken.group(1))))
            elif package:
                yield package.group(1)


if __name__ == "__main__":
    try:
        print(json.dumps(look(*sys.argv[1:])))
    except lock_files.BadLock as error:
        sys.exit(str(error))
