#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_migrate
short_description: Applies a release's database migrations
description:
  - Applies what Django's plan says is not applied yet, with the environment of the application. Meant for one host of the fleet.
  - On PostgreSQL, MySQL and MariaDB a lock of the database keeps two runs from migrating it at once. SQLite has no such lock.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
  - django_ansible.deploy.layout.maker
  - django_ansible.deploy.migrating
options:
  release:
    description: Name of a release that is prepared.
    type: str
    required: true
  dump:
    description: Whether the database is dumped to C(backups) below O(app_dir) before anything is applied.
    type: bool
    default: true
  proof:
    description:
      - What is done about migrations with which the live release could not go on. Before anything is applied, the new code migrates a copy of the schema without its
        rows, and the live release selects, inserts, updates and deletes a row of each of its models there.
      - V(refuse) applies nothing then; V(warn) warns; V(hold) has requests wait from before the first of them until the new release is live; V(off) proves nothing.
    type: str
    choices: [refuse, warn, hold, 'off']
    default: refuse
  hold_seconds:
    description: Seconds that requests wait with O(proof=hold); afterwards visitors see the page of a maintenance.
    type: int
    default: 20
  alone:
    description: Whether this is the only host that has the application, without which requests cannot wait.
    type: bool
    default: false
  database_port:
    description: Port of a PostgreSQL server of this host whose administrator makes the copy's database for the application. 0 has the application make it.
    type: int
    default: 0
  database_apart:
    description: Whether the application's database is on a PostgreSQL server that M(django_ansible.deploy.postgresql_server) has set up on another host.
    type: bool
    default: false
  migrate:
    description: Whether migrations are applied; else only O(commands) are run.
    type: bool
    default: true
  commands:
    description:
      - Commands of the project that are run once the migrations are applied, by phase, C(first) and C(migrate), as one JSON object, so that
        their environment is hidden. Each is run once for a release, those of C(first) once for good.
    type: str
    default: '{}'
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
    details: Shows which migrations would be applied when the release is there already.
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Migrate
  django_ansible.deploy.app_migrate:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    release: 20260102T030405Z-0123456
"""

RETURN = r"""
migrations:
  description: The migrations applied, C(app.name), in order.
  type: list
  returned: success
dump:
  description: Id of the dump, when one was made.
  type: str
  returned: when a dump was made
proved:
  description: With O(proves_only=true), C(breaks), sentences about what the live release of this host would not survive, and C(later), the migrations that may wait for the end.
  type: dict
  returned: with proves_only
commands:
  description: The commands that were run.
  type: list
  returned: success
told:
  description: Sentences for the log, about the proof, and about each migration with its time.
  type: list
  returned: success
deploy:
  description: C(migrations) and C(warnings), for the events file.
  type: dict
  returned: success
"""

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.copies import Maker
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrations import MIGRATING, apply_plan, stay
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.proof import Policy, found_here
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import commands, holding
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, MAKER, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of, live_application, recovery_of


def migrate(application: Application, layout, params) -> dict:
    """Applies what the plan holds, with a dump before."""
    patience = {"lock_timeout": params["lock_timeout"], "lock_tries": params["lock_tries"], "timeout": params["timeout"]}
    policy, live, lock = policy_of(layout, params), layout.live_release(), lock_of(params, False)
    result = apply_plan(
        application, recovery_of(params, layout), attempt=params["release"], live=live, switch="django_app_dump", dump=params["dump"],
        policy=policy, patience=patience, lock=lock,
    )
    if live and result["migrations"] and policy.kind != "off" and not layout.starts(live):
        result["warnings"].append("whether the live release works with these migrations was not tried, since its Python is not on this host any more")
    later = result.pop("later", None)
    layout.mark_release(params["release"], later={"run": params["run_id"], "migrations": later, "patience": patience} if later else None)
    if not result["migrations"] and not later:
        # When the connection broke, Ansible asks again: what this run applied before is still its change.
        before = layout.read_release(params["release"]).get("migrated", {})
        return {"migrations": before["migrations"] if params["run_id"] and before.get("run") == params["run_id"] else []}
    layout.mark_release(params["release"], migrated={"run": params["run_id"], "migrations": result["migrations"]})
    return result


def policy_of(layout, params) -> Policy:
    """There is nothing to prove for a release that serves alone, or that is the live one itself."""
    serves = has_to_prove(layout, params["release"])
    holds = params["proof"] == "hold" and params["alone"] and os.path.islink(layout.socket_link)
    return Policy(
        params["proof"], (lambda: live_application(params, layout)) if serves else None, "django_app_schema_proof", layout.release_dir(params["release"]),
        Maker(params["database_port"], params["database_apart"]), (lambda migrations, dump: holding.begin(layout, params, migrations, dump)) if holds else None, params["elsewhere"],
    )


def has_to_prove(layout, release: str) -> bool:
    live = layout.live_release()
    return bool(live) and live != release and layout.starts(live)


def prove(application: Application, layout, params) -> dict:
    """Tries the live release of a host that does not migrate."""
    if not has_to_prove(layout, params["release"]):
        return {}
    with lock_of(params, False).while_run_lives():
        return found_here(application, recovery_of(params, layout).client, policy_of(layout, params))


def act(application: Application, layout, params, check_mode: bool) -> dict:
    """Migrates, then runs the commands that are still to be run; in check mode tells what that would be."""
    if params["proves_only"]:
        found = {} if check_mode else prove(application, layout, params)
        return {"migrations": [], "commands": [], **found}
    phases = commands.parse(params["commands"])
    ran = commands.Ran(layout, params["release"])
    if check_mode:
        found = application.drive("plan")["plan"] if params["migrate"] else {"migrations": []}
        return {**found, "commands": [entry["command"] for _, entry in ran.pending(phases)]}
    result = migrate(application, layout, params) if params["migrate"] else {"migrations": []}
    return {**result, "commands": ran.run(application, phases)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            **MAKER,
            "release": {"type": "str", "required": True},
            "dump": {"type": "bool", "default": True},
            "proof": {"type": "str", "choices": ["refuse", "warn", "hold", "off"], "default": "refuse"},
            "hold_seconds": {"type": "int", "default": 20},
            "alone": {"type": "bool", "default": False},
            **MIGRATING,
            "database_port": {"type": "int", "default": 0},
            "database_apart": {"type": "bool", "default": False},
            "migrate": {"type": "bool", "default": True},
            "commands": {"type": "str", "default": "{}", "no_log": True},
        },
        supports_check_mode=True,
    )
    params = module.params
    layout = layout_of(params)
    release_dir = layout.release_dir(params["release"])
    if module.check_mode and not os.path.isdir(release_dir):
        module.exit_json(changed=False, migrations=[], commands=[], deploy={})
    application = application_of(params, layout, params["release"])
    try:
        with lock_of(params, module.check_mode).step(), holding.given_up(layout, params["run_id"]):
            result = act(application, layout, params, module.check_mode)
    except (CommandFailed, Locked, RunEnded) as error:
        taken_back, left = holding.abandoned(error, layout, params["run_id"])
        done = [name for name in getattr(error, "applied", []) if name not in taken_back]
        said = "the database was not made ready%s, and the live release was not touched: %s" % (stay(done), application.environment.mask(str(error) + left))
        module.fail_json(msg=said, changed=bool(done), deploy={"migrations": done})
    warnings = result.pop("warnings", [])
    for warning in warnings:
        module.warn(warning)
    changed = bool(result["migrations"] or result["commands"])
    module.exit_json(changed=changed, **result, deploy={"migrations": result["migrations"], "warnings": warnings})


if __name__ == "__main__":
    main()
