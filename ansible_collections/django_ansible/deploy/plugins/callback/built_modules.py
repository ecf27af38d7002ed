# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: built_modules
type: aggregate
short_description: Keeps what Ansible builds of this collection's modules and templates for the next run
description:
  - Before Ansible sends a module to a host it packs it with all that it imports, which takes about a third of a second for each module of each run.
  - Before it renders a template it compiles it, in each task of each host again. Those of this collection take about half of a run's processor time.
  - Lends a run the packed modules and the compiled templates of an earlier one, and keeps those that it had to make itself. They hold code alone, no
    arguments and nothing that users wrote.
  - Tasks of this collection that are skipped, include others, or set variables alone, take no process of their own.
  - A variable is evaluated once for the arguments of a task of this collection, however many templates name it.
  - They are used only with the same code of this collection, and when they are as they were kept. What cannot be kept or lent is packed as ever.
options:
  folder:
    description:
      - Folder to keep them in, of one installation of Ansible. Whoever may write there decides what runs on the hosts. Without a folder the plugin does nothing.
    type: path
    env:
      - name: DJANGO_ANSIBLE_BUILT_MODULES
"""

import contextlib
import gc
import hashlib
import os
import pathlib
import shutil
import tempfile

from ansible import constants as C
from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import filter_loader, test_loader
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import built_templates, evaluated, remembered, spared

PLUGINS = pathlib.Path(__file__).parents[1]
# Ansible's own names: where a run has its packed modules (lib/ansible/executor/module_common.py), and how those of this collection begin.
PACKED = "ansiballz_cache"
COMPILED = "compiled_templates"
OURS = "ansible_collections.django_ansible.deploy.plugins.modules."
# Seconds between two looks for results, where nobody set others than Ansible's own 0.001. Each look asks after the process of each host's task, which
# took 4 % of a core for two hosts, for as long as a step takes.
OFTEN = 0.001
SELDOM = 0.004
LOADERS = {"filters": filter_loader, "tests": test_loader}
# Hosts from which on it pays to find all filters and tests before the processes of their tasks do.
MANY = 4
# Versions of this collection whose modules stay.
KEPT = 3


def digest(content):
    return hashlib.sha256(content).hexdigest()[:16]


def code_version(plugins):
    """Stands for the code of all modules and of what they import from here."""
    files = sorted(path for part in ("modules", "module_utils") for path in (plugins / part).rglob("*.py"))
    return digest("\n".join("%s %s" % (path.relative_to(plugins), digest(path.read_bytes())) for path in files).encode())


def is_whole(file):
    """Whether a kept file is what it was; its name begins with that."""
    return file.name.partition(".")[0] == digest(file.read_bytes())


def lend(kept, packed):
    """Has Ansible find what is kept and whole."""
    packed.mkdir(exist_ok=True)
    for file in kept.glob("*" + OURS + "*"):
        link = packed / file.name.partition(".")[2]
        if is_whole(file) and not link.is_symlink():
            link.symlink_to(file)


def keep(packed, kept):
    """Keeps what this run packed itself; each file appears whole, as other runs may read it."""
    made = [file for file in packed.glob(OURS + "*") if not file.is_symlink() and file.suffix != ".lock"]
    if not made:
        return
    kept.mkdir(parents=True, exist_ok=True)
    for file in made:
        there = list(kept.glob("*." + file.name))
        if any(map(is_whole, there)):
            continue
        content = file.read_bytes()
        with tempfile.NamedTemporaryFile(dir=kept, delete=False) as copy:
            copy.write(content)
        for damaged in there:
            damaged.unlink(missing_ok=True)
        os.replace(copy.name, kept / ("%s.%s" % (digest(content), file.name)))
    # Whatever else somebody has beside them is not ours to remove.
    versions = [folder for folder in kept.parent.iterdir() if any(folder.glob("*" + OURS + "*"))]
    for old in sorted(versions, key=lambda folder: folder.stat().st_mtime, reverse=True)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "django_ansible.deploy.built_modules"
    CALLBACK_NEEDS_ENABLED = True

    def set_options(self, task_keys=None, var_options=None, direct=None):
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        # Whoever started Ansible may have kept it from looking for garbage while it loads.
        gc.enable()
        if getattr(C, "DEFAULT_INTERNAL_POLL_INTERVAL", None) == OFTEN:
            C.DEFAULT_INTERNAL_POLL_INTERVAL = SELDOM
        folder = self.get_option("folder")
        if not folder:
            self.disabled = True
            return
        self._hosts: set[str] = set()
        self._kept = pathlib.Path(folder, code_version(PLUGINS))
        self._packed = pathlib.Path(C.DEFAULT_LOCAL_TMP, PACKED)
        self._compiled = pathlib.Path(C.DEFAULT_LOCAL_TMP, COMPILED)
        with contextlib.suppress(OSError):
            lend(self._kept, self._packed)
        with contextlib.suppress(OSError, ImportError, AttributeError):
            built_templates.lend(self._kept, self._compiled, PLUGINS.parent)
        with contextlib.suppress(ImportError, AttributeError):
            spared.lend(PLUGINS.parent)
        with contextlib.suppress(ImportError, AttributeError):
            evaluated.lend(PLUGINS.parent)
        # Else each process of each task loads Ansible's own, all of which it has when it needs one.
        for loader in LOADERS.values():
            list(loader.all())
            remembered.lend(loader)
        # What is loaded stays until the end: nobody needs to look for garbage in it, and no process of a task lives long enough to look for its own.
        gc.freeze()
        os.register_at_fork(after_in_child=gc.disable)

    def v2_runner_on_start(self, host, task):
        hosts = self._hosts
        if len(hosts) < MANY:
            hosts.add(host.get_name())
            if len(hosts) == MANY:
                for kind, loader in LOADERS.items():
                    with contextlib.suppress(OSError):
                        remembered.find(loader, built_templates.plugins(self._kept, kind))
                gc.freeze()

    def v2_playbook_on_stats(self, stats):
        with contextlib.suppress(OSError):
            keep(self._packed, self._kept)
        with contextlib.suppress(OSError):
            built_templates.keep(self._compiled, self._kept)
        gc.freeze()
