"""The arguments that modules share are given once: each group of modules takes what the roles give it, and nothing of it is said again at a task."""
from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

COLLECTION = Path(__file__).parents[2]
GROUPS = yaml.safe_load((COLLECTION / "meta/runtime.yml").read_text())["action_groups"]
ROLE = yaml.safe_load((COLLECTION / "roles/django_app/vars/main/arguments.yml").read_text())
COMPOSE = yaml.safe_load((COLLECTION / "roles/compose_app/vars/main.yml").read_text())
# What the roles give a group, and the name of what a module that takes it spreads into its argument_spec.
GIVEN = {
    "layout": (ROLE["__django_app_layout"], "LAYOUT"),
    "application": (ROLE["__django_app_application"], "APPLICATION"),
    "compose": (COMPOSE["__compose_app_run_arguments"], "RUN_ARGUMENTS"),
    "compose_project": (COMPOSE["__compose_app_project_arguments"], "PROJECT_ARGUMENTS"),
    "compose_files": (COMPOSE["__compose_app_files_arguments"], "FILES_ARGUMENTS"),
    "compose_start": (COMPOSE["__compose_app_start_arguments"], "START_ARGUMENTS"),
}
# Its project is none when it looks for all that a run has left.
EXTRA = {"compose_project": {"compose_return"}}


@pytest.mark.parametrize("group", sorted(GROUPS))
def test_a_group_is_the_modules_that_take_its_arguments(group):
    name = GIVEN[group][1]
    takes = {path.stem for path in (COLLECTION / "plugins/modules").glob("*.py") if re.search(r"argument_spec=.*\b%s\b" % name, path.read_text(), re.DOTALL)}
    assert set(GROUPS[group]) == takes | EXTRA.get(group, set())


def test_no_variable_of_a_role_is_defined_twice():
    files = sorted(COLLECTION.glob("roles/*/vars/main/*.yml"))
    assert files
    defined = [(path.parts[-4], name) for path in files for name in yaml.safe_load(path.read_text())]
    assert sorted({entry for entry in defined if defined.count(entry) > 1}) == []


def tasks_of(entries):
    for entry in entries:
        yield entry
        for section in ("block", "rescue", "always"):
            yield from tasks_of(entry.get(section, []))


def said_again():
    for path in sorted(COLLECTION.glob("roles/*/tasks/*.yml")):
        for task in tasks_of(yaml.safe_load(path.read_text())):
            for group, modules in GROUPS.items():
                for module in modules:
                    given = task.get("django_ansible.deploy.%s" % module) or {}
                    for argument in set(given) & set(GIVEN[group][0]):
                        yield "%s: %s of %s" % (path.relative_to(COLLECTION), argument, module)


def test_no_task_says_them_again():
    # They name no run of their own: some look, or lock for a person, without the lock of a run; the others give back that of a run that is gone. Where a host's answer was refused, its
    # project is not known.
    assert set(said_again()) == {
        "roles/compose_app/tasks/cancel.yml: run_id of compose_return",
        "roles/compose_app/tasks/lock.yml: run_id of compose_lock",
        "roles/compose_app/tasks/logs.yml: run_id of compose_logs",
        "roles/compose_app/tasks/maintenance.yml: run_id of compose_maintenance",
        "roles/compose_app/tasks/reach.yml: project of compose_return",
        "roles/compose_app/tasks/remove.yml: run_id of compose_remove",
        "roles/compose_app/tasks/run.yml: run_id of compose_run",
        "roles/compose_app/tasks/unlock.yml: run_id of compose_lock",
        "roles/django_app/tasks/cancel.yml: run_id of app_return",
        "roles/django_app/tasks/lock.yml: run_id of app_lock",
        "roles/django_app/tasks/logs.yml: run_id of app_logs",
        "roles/django_app/tasks/maintenance.yml: run_id of app_maintenance",
        "roles/django_app/tasks/remove.yml: run_id of app_remove",
        # What the live slot was started with is on the host.
        "roles/django_app/tasks/run.yml: environment of app_run",
        "roles/django_app/tasks/run.yml: run_id of app_run",
        "roles/django_app/tasks/status.yml: run_id of app_status",
        "roles/django_app/tasks/unlock.yml: run_id of app_lock",
    }


def test_they_reach_a_role_that_a_playbook_of_the_user_includes(tmp_path):
    playbook = tmp_path / "own.yml"
    playbook.write_text(
        """
- hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.include_role:
        name: django_ansible.deploy.django_app
        tasks_from: cancel
      vars:
        app_name: nothing-of-this-name
        django_app_detected: {run_id: 1-1-test}
"""
    )
    # Without the stand-ins for Pythons that some machines have in their PATH.
    path = "%s:/usr/bin:/bin" % os.path.dirname(shutil.which("ansible-playbook"))
    environment = {**os.environ, "PATH": path, "ANSIBLE_COLLECTIONS_PATH": str(COLLECTION.parents[2]), "ANSIBLE_LOCALHOST_WARNING": "false"}
    done = subprocess.run(
        ["ansible-playbook", "-i", "somewhere,", "-c", "local", "-e", "ansible_python_interpreter=" + sys.executable, str(playbook)], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok=2 " in done.stdout
