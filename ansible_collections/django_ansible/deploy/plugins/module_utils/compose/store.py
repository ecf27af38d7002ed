# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What a host remembers of its compose projects: the releases that ran, which of them runs, and how to go back.

```
/var/lib/django-ansible-deploy/compose/<project>/
  releases/<name>/release.json   commit, when, each service's image by digest and by id, what its containers were made of
  releases/<name>/config.json    the whole configuration, resolved; it holds the values of env, so only root reads it
  releases/<name>/files.json     the files that the deploy brought
  live -> releases/<name>
  plan/                          what the deploy that runs now is going to do
  backups/                       dumps of the database, see database/catalogue.py
  dumps.json                     what dumps on a schedule are told, see nightly.py
  deploys.jsonl                  a line for each deploy: who, when, what, how it ended
```
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed, values_in
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import lock as locks
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import Restorable, read_link, replace_link, write_atomically_as
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.freeze import Freeze
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.maintenance import Maintenance
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import LAYOUT_VERSION, Releases, is_name


def state_folder():
    """Root's own, or the user's with an engine without root."""
    if os.geteuid() == 0:
        return undo.FOLDER
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "django-ansible-deploy")


def lock_folder():
    if os.geteuid() == 0:
        return locks.FOLDER
    return os.path.join(os.environ.get("XDG_RUNTIME_DIR") or state_folder(), "django-ansible-deploy")


def runs_folder():
    """Commands that run, see host/runs.py."""
    return os.path.join(lock_folder(), "runs")


def maintenance_folder(project):
    """What the project's proxy mounts, to see whether it is under maintenance. It stays when that ends: a mount would not see a new one."""
    return os.path.join(state_folder(), "maintenance", project)


def draining(project):
    """Has the project's proxy fail its health check while it is there, so that load balancers go elsewhere."""
    return os.path.join(maintenance_folder(project), "draining")


def maintenance_of(project):
    folder = maintenance_folder(project)
    return Maintenance(os.path.join(folder, "on"), os.path.join(folder, "let-through"))


def freeze_of(project):
    return Freeze(project, state_folder())


def lock_of(project, run, actor=""):
    """The deploy lock of a project; an empty *run* takes part in no locking."""
    return locks.DeployLock(project, run, actor, lock_folder(), "compose_app_lock_wait", freeze_of(project))


class Store(Releases):
    """The records of one project. Nothing is written before :meth:`write_plan`."""

    def __init__(self, project):
        self.project = project
        super().__init__(os.path.join(state_folder(), "compose", project))
        # What is dumped on a schedule, see nightly.
        self.schedule = os.path.join(self.folder, "dumps.json")
        self._live = os.path.join(self.folder, "live")
        self._plan = os.path.join(self.folder, "plan")

    # Releases.

    def live(self):
        """Name of the release that runs, or None."""
        target = read_link(self._live)
        name = os.path.basename(target) if target else None
        return name if is_name(name) else None

    def set_live(self, release):
        if release:
            replace_link(os.path.join("releases", release), self._live)
        elif os.path.lexists(self._live):
            os.unlink(self._live)

    def config_file(self, release):
        return os.path.join(self.release_dir(release), "config.json")

    def config(self, release):
        with open(self.config_file(release), encoding="utf-8") as file:
            return file.read()

    def files(self, release):
        if not release:
            return Managed()
        return Managed.load(os.path.join(self.release_dir(release), "files.json"), self.read_release(release).get("file") or "")

    def save(self, release, config, managed, **facts):
        """Writes a release down whole; release.json last, since it is what makes the folder a release."""
        folder = self.release_dir(release)
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _write(os.path.join(folder, "config.json"), config)
        _write(os.path.join(folder, "files.json"), managed.dump())
        facts = {"layout": LAYOUT_VERSION, "release": release, "created": now(), **facts}
        _write(os.path.join(folder, "release.json"), json.dumps(facts, indent=2, sort_keys=True) + "\n")
        self.claim_layout()

    def forget(self, release):
        shutil.rmtree(self.release_dir(release), ignore_errors=True)

    def secrets(self, release):
        """The values that a release's deploy was given."""
        texts = (content.decode("utf-8", "replace") for content, mode in self.files(release).files.values() if mode == 0o600)
        return [value for text in texts for value in values_in(text)]

    # The plan of the deploy that runs.

    def write_plan(self, config, managed, **facts):
        os.makedirs(self._plan, mode=0o700, exist_ok=True)
        os.chmod(self.folder, 0o700)
        _write(os.path.join(self._plan, "config.json"), config)
        _write(os.path.join(self._plan, "files.json"), managed.dump())
        self.change_plan(**facts)

    def change_plan(self, **facts):
        _write(os.path.join(self._plan, "plan.json"), json.dumps({**self.plan(), **facts}))

    def plan(self):
        try:
            with open(os.path.join(self._plan, "plan.json"), encoding="utf-8") as file:
                return json.load(file)
        except (FileNotFoundError, ValueError):
            return {}

    def planned_config(self):
        return os.path.join(self._plan, "config.json")

    def planned_files(self):
        return Managed.load(os.path.join(self._plan, "files.json"), self.plan().get("file") or "")

    def drop_plan(self):
        shutil.rmtree(self._plan, ignore_errors=True)

    # The way back.

    @property
    def undo_name(self):
        return self.project + ".compose"

    def remember(self, **facts):
        undo.remember(self.undo_name, Restorable(), folder=state_folder(), **facts)

    def recall(self):
        return undo.recall(self.undo_name, folder=state_folder())

    def confirm(self, run):
        undo.confirm(self.undo_name, run, folder=state_folder())

    def forget_undo(self):
        undo.forget(self.undo_name, folder=state_folder())


def projects():
    """Names of the projects that this host has records of."""
    folder = os.path.join(state_folder(), "compose")
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def project_at(file):
    """The project that was deployed from that compose file, or None."""
    for name in projects():
        store = Store(name)
        live = store.live()
        if live and store.read_release(live).get("file") == file:
            return name
    return None


def fingerprint(config, images, managed):
    """What makes two deploys the same one."""
    text = json.dumps([config, sorted(images.items()), hashlib.sha256(managed.dump().encode()).hexdigest()])
    return hashlib.sha256(text.encode()).hexdigest()


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _write(path, text):
    write_atomically_as(path, text.encode(), 0o600, os.getuid(), os.getgid())
