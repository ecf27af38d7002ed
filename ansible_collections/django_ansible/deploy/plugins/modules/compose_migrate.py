#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_migrate
short_description: Migrate the database from a one-off container
description:
  - Runs Django in a container of its own, made from a service's definition with the image that is to run. Meant for one host of the fleet.
  - Applies what Django's plan says is not applied yet. A dump is made before, and on PostgreSQL, MySQL and MariaDB a lock of the database keeps two runs from migrating it at once.
  - In a rollback it looks for migrations that the older release does not know, and does with them what O(policy) says.
extends_documentation_fragment:
  - django_ansible.deploy.compose
  - django_ansible.deploy.compose.project
  - django_ansible.deploy.compose.release
  - django_ansible.deploy.migrating
options:
  service:
    description: Service whose image has the code.
    type: str
    required: true
  command:
    description: Command that migrates, for what is not Django. It runs as it is, behind the image's entrypoint.
    type: list
    elements: str
    default: []
  python:
    description: Python of the image that has Django.
    type: str
    default: python
  folder:
    description: Folder of C(manage.py) in the image. Empty is the image's working directory.
    type: str
    default: ''
  settings:
    description: Django settings, where neither the service nor its image sets C(DJANGO_SETTINGS_MODULE).
    type: str
    default: ''
  dump:
    description: Whether the database is dumped before anything is applied.
    type: bool
    default: true
  dump_service:
    description: Service whose image has C(pg_dump). Empty is O(service).
    type: str
    default: ''
  proof:
    description:
      - What is done about migrations with which the live release could not go on. Before anything is applied, the new code migrates a copy of the schema without its
        rows, and the live release selects, inserts, updates and deletes a row of each of its models there. For Django, not for O(command).
      - V(refuse) applies nothing then; V(warn) warns; V(off) proves nothing.
    type: str
    choices: [refuse, warn, 'off']
    default: refuse
  policy:
    description: What to do in a rollback about migrations that the older release does not know. Empty refuses.
    type: str
    choices: ['', keep, reverse, restore]
    default: ''
attributes:
  check_mode:
    description: Only in a rollback; a planned release is not there in check mode.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Migrate
  django_ansible.deploy.compose_migrate:
    project: shop
    release: 20260102T030405Z-0123456
    service: web
    run_id: 4711-1-a1b2c3
"""

RETURN = r"""
migrations:
  description: The migrations applied, C(app.name), in order; with O(command) those that it says it applied, in Django's words.
  type: list
  returned: success
dump:
  description: Id of the dump, when one was made or is restored.
  type: str
  returned: when a dump was made
proved:
  description: With O(proves_only=true), C(breaks), sentences about what the live release of this host would not survive, and C(later), the migrations that may wait for the end.
  type: dict
  returned: with proves_only
told:
  description: Sentences for the log, about the proof, and about each migration with its time.
  type: list
  returned: success
deploy:
  description: C(migrations) and C(warnings).
  type: dict
  returned: success
"""

import re

from ansible.module_utils.common.text.converters import to_native
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import Compose, last_lines, masker, parse_env
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.one_off import ContainerApplication, ContainerClient, OneOff
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import Store, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.target import PROJECT_ARGUMENTS, RUN_ARGUMENTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrations import MIGRATING, apply_plan, ready_database, stay
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.proof import Policy, found_here
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule


class Migration:
    def __init__(self, params, check_mode):
        self.params, self.check_mode = params, check_mode
        self.compose, self.store = Compose(), Store(params["project"])

    def one_off(self, service, release=None, **options):
        """A container of the plan's image, or of a kept release's."""
        if release:
            return OneOff(self.compose, self.store.config_file(release), self.store.read_release(release), service, **options)
        return OneOff(self.compose, self.store.planned_config(), self.store.plan(), service, **options)

    def application(self, release=None):
        # Migrations end by themselves, or by a limit that is theirs.
        return ContainerApplication(self.one_off(self.params["service"], release, timeout=None), self.params["python"], self.params["folder"], self.params["settings"])

    def recovery(self, release=None):
        client = ContainerClient(self.one_off(self.params["dump_service"] or self.params["service"], release, timeout=None), self.params["python"])
        return Recovery(client, self.store.backups, self.params["actor"])

    def others(self):
        """Django of the releases that are there besides the one to go back to: the live one first, then from the newest on."""
        live = self.store.live()
        names = [found["release"] for found in reversed(self.store.list_releases()) if found["release"] not in (live, self.params["release"])]
        return (self.application(name) for name in [*filter(None, [live]), *names])

    def planned(self):
        plan = self.store.plan()
        if plan.get("run") != self.params["run_id"]:
            raise CommandFailed("what this run planned on this host is gone: start it again")
        return plan

    def prove(self):
        self.planned()
        with lock_of(self.params["project"], self.params["run_id"]).while_run_lives():
            found = found_here(self.application(), self.recovery().client, self.policy()) if self.store.live() else {}
        return {"changed": False, "migrations": [], **found}

    def forward(self):
        plan = self.planned()
        if self.params["command"]:
            return self.command()
        application = self.application()
        patience = {name: self.params[name] for name in ("lock_timeout", "lock_tries", "timeout")}
        result = apply_plan(
            application, self.recovery(), attempt=self.params["release"], live=self.store.live(), switch="compose_app_dump", dump=self.params["dump"], also=("inspect",),
            policy=self.policy(), patience=patience, lock=lock_of(self.params["project"], self.params["run_id"]),
        )
        later = result.pop("later", None)
        # When the connection breaks, Ansible asks again: what this run applied before is still its change.
        result["migrations"] = result["migrations"] or plan.get("migrated", [])
        self.store.change_plan(
            migrated=result["migrations"], migrations=result.pop("found")["inspect"]["migrations"],
            later={"run": self.params["run_id"], "migrations": later, "patience": patience} if later else None,
        )
        return {"changed": bool(result["migrations"]), **result}

    def policy(self):
        live = self.store.live()
        return Policy(self.params["proof"], (lambda: self.application(live)) if live else None, "compose_app_schema_proof", elsewhere=self.params["elsewhere"])

    def command(self):
        code, out, err = self.one_off(self.params["service"]).run(self.params["command"])
        if code != 0:
            raise CommandFailed(f"{' '.join(self.params['command'])} ended with {'no exit code in time' if code is None else code}: {last_lines(out + err, 20)}")
        applied = re.findall(r"^\s*Applying (\S+?)\.\.\. ?.*OK", out, re.MULTILINE)
        return {"changed": bool(applied), "migrations": applied}

    def back(self):
        if self.params["command"]:
            return {"changed": False, "migrations": [], "warnings": ["the database is left as it is: only Django's own migrations can be looked at"]}
        release = self.params["release"]
        return ready_database(
            self.application(release), self.others, self.recovery(release), release=release, policy=self.params["policy"],
            variable="compose_app_rollback_migrations", check_mode=self.check_mode,
        )


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **RUN_ARGUMENTS,
            **PROJECT_ARGUMENTS,
            env={"type": "str", "no_log": True, "default": "{}"},
            release={"type": "str", "required": True},
            kept={"type": "bool", "default": False},
            service={"type": "str", "required": True},
            command={"type": "list", "elements": "str", "default": []},
            python={"type": "str", "default": "python"},
            folder={"type": "str", "default": ""},
            settings={"type": "str", "default": ""},
            dump={"type": "bool", "default": True},
            dump_service={"type": "str", "default": ""},
            proof={"type": "str", "choices": ["refuse", "warn", "off"], "default": "refuse"},
            **MIGRATING,
            policy={"type": "str", "choices": ["", "keep", "reverse", "restore"], "default": ""},
        ),
        supports_check_mode=True,
    )
    params = module.params
    if module.check_mode and not params["kept"]:
        module.exit_json(changed=False, migrations=[], deploy={})
    mask = masker(parse_env(params["env"]).values())
    try:
        with lock_of(params["project"], "" if module.check_mode else params["run_id"], params["actor"]).step():
            migration = Migration(params, module.check_mode)
            result = migration.back() if params["kept"] else migration.prove() if params["proves_only"] else migration.forward()
    except (CommandFailed, Locked, RunEnded) as error:
        done = getattr(error, "applied", [])
        what = "Nothing was rolled back" if params["kept"] else f"The database was {'only partly' if done else 'not'} migrated{stay(done)}, and nothing that runs was touched"
        module.fail_json(msg=f"{what}: {mask(to_native(error))}", changed=bool(done), deploy={"migrations": done})
    warnings = [mask(warning) for warning in result.pop("warnings", [])]
    for warning in warnings:
        module.warn(warning)
    applied = [] if params["kept"] else result["migrations"]
    restored = {"dump": result["dump"]} if params["kept"] and "dump" in result else {}
    module.exit_json(**result, deploy={"migrations": applied, "warnings": warnings, **restored})


if __name__ == "__main__":
    main()
