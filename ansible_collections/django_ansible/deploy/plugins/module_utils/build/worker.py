# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What is done with a checkout before it is trusted with anything: reading what it needs, and building that. Runs as the builder, see build/builder.py.

It imports the standard library and what builder.PROGRAM ships with it. The answer goes to a pipe of its own.
"""
from __future__ import annotations

import compileall
import contextlib
import json
import os
import shutil
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.build import lock_files, requirements, settings_reads, venv
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run

# What the deploy itself puts into a release; what a checkout has under these names gives way.
OURS = (".venv", "REVISION", "release.json", ".contents.json")
FEW = 300  # files that one process compiles sooner than several start


def unpack(request: dict) -> dict:
    """Unpacks the archive that stdin has into the release.

    :raises CommandFailed: when it is none, or holds what the builder may not make.
    """
    tar = ["tar", "--extract", "--no-same-owner", "--no-same-permissions", "--file", "-", "--directory", request["wishes"]["release_dir"]]
    run([*tar, *(["--gzip"] if request["compressed"] else [])], stdin=0)
    return {}


def claim(request: dict) -> dict:
    """Puts what the deploy adds to a checkout in the place of what the checkout has there.

    :raises CommandFailed: when there is no manage.py where it is looked for.
    """
    release_dir, app_path, revision = request["wishes"]["release_dir"], request["app_path"], request["revision"]
    if not os.path.isfile(os.path.join(release_dir, app_path, "manage.py")):
        raise CommandFailed("commit %s has no manage.py in %s: set app_path to the folder that has it" % (revision[:7], app_path))
    for name in OURS:
        path = os.path.join(release_dir, name)
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.path.lexists(path) and os.unlink(path)
    with open(os.path.join(release_dir, "REVISION"), "w", encoding="utf-8") as file:
        file.write(revision + "\n")
    return {}


def plan(request: dict) -> dict:
    """Which virtual environment a checkout needs, and why; what its settings read of the environment, of which C(variables) are set; and which of the packages
    C(watched) its requirements name.
    """
    made = venv.Plan(venv.Wishes(**request["wishes"]))
    request["key"] = made.key()
    told = made.told + settings_reads.told(made.wishes.project_dir, made.wishes.settings_module, request.get("variables", []))
    return {
        "key": request["key"], "told": told, "warnings": made.warnings, "missing_module_help": made.missing_module_help(),
        "named": made.named(request.get("watched", [])),
    }


def build(request: dict) -> dict:
    """Makes the virtual environment at C(venv), and its link in the release."""
    venv.build(request["venv"], venv.Plan(venv.Wishes(**request["wishes"])))
    return {}


def byte_compile(request: dict) -> dict:
    """Saves every later start of the application the time for it, since none of them may write into the release. Without a virtual environment it waits."""
    release_dir, venv_dir = request["wishes"]["release_dir"], os.path.join(request["venvs"], request["key"])
    python = os.path.join(venv_dir, "bin", "python")
    if not os.path.exists(python):
        return {"compiled": False}
    os.symlink(os.path.relpath(venv_dir, release_dir), os.path.join(release_dir, ".venv"))
    many = sum(name.endswith(".py") for _, _, names in os.walk(release_dir) for name in names) > FEW
    if many or os.path.realpath(python) != os.path.realpath(sys.executable):
        with contextlib.suppress(CommandFailed):
            run([python, "-m", "compileall", "-q", "-j", "0", release_dir])
    else:
        compile_here(release_dir)
    # Files that are no Python of this version are the project's business, and harmless until it imports them.
    return {"compiled": True}


def compile_here(folder: str) -> None:
    """As compileall does, without the start of another Python. What a file does to the compiler ends a process of its own."""
    child = os.fork()
    if not child:
        try:
            compileall.compile_dir(folder, quiet=2)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def read_requirements(request: dict) -> dict:
    """The texts of the files that an installer may read, by their path in the release."""
    return {"texts": requirements.texts(request["wishes"]["release_dir"], request["wishes"]["project_dir"])}


STEPS = {"unpack": unpack, "claim": claim, "plan": plan, "build": build, "byte_compile": byte_compile, "read_requirements": read_requirements}


def answer(request: dict) -> dict:
    try:
        found: dict = {}
        for step in request["steps"]:
            found.update(STEPS[step](request))
        return found
    except venv.PythonNeeded as needed:
        return {"python_needed": str(needed)}
    except CommandFailed as error:
        return {"error": str(error), "printed": error.printed[-200_000:]}
    except lock_files.BadLock as error:
        return {"error": str(error), "printed": ""}
    except (OSError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        # A folder where a file belongs, bytes that are no text, a table that is a list: the checkout's own.
        read = " (%s)" % ", ".join(dict.fromkeys(lock_files.READ)) if lock_files.READ else ""
        return {"error": "the checkout%s cannot be read: %s: %s" % (read, type(error).__name__, error), "printed": ""}


def main(request: dict) -> None:
    answer_fd = os.dup(1)
    os.dup2(2, 1)
    with os.fdopen(answer_fd, "w", encoding="utf-8") as file:
        json.dump(answer(request), file)
