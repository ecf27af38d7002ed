#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_release
short_description: Prepares a release beside the live one
description:
  - Puts the code of one commit into a release folder, makes or reuses its virtual environment, runs Django's system check with the
    application's environment and collects static files into the release.
  - The live release is not touched. A second run for the same commit and environment changes nothing.
  - The code comes from the controller's working copy (O(workspace), uploaded by the action plugin of the same name) or from a
    repository that the host itself clones (O(repository)).
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
  - django_ansible.deploy.layout.service
  - django_ansible.deploy.finish
options:
  release:
    description: Name of the release, C(<time>-<first 7 of the commit>).
    type: str
    required: true
  revision:
    description: Full commit hash.
    type: str
    required: true
  workspace:
    description: Folder on the controller whose commit O(revision) is uploaded. Give this or O(repository).
    type: path
  upload:
    description: Whether the host lacks the release, so that the code has to be uploaded.
    type: bool
    default: true
  archive:
    description: Set by the action plugin, the uploaded archive on the host.
    type: path
  archive_content:
    description: Set by the action plugin, an archive that is not uploaded by itself, in base64.
    type: str
  contents:
    description:
      - Set by the action plugin, what the commit holds, as one word. With an earlier release of this host in it, the archive has only what that lacks.
    type: str
    default: ''
  archived:
    description: Set by the action plugin, sentences about what the repository has that is not in the archive, C(warnings) and C(told).
    type: dict
    default: {}
  repository:
    description: Git URL that the host clones.
    type: str
  python:
    description:
      - Interpreter of the virtual environment, a path, or a version. By default the host's own when it fits what the checkout asks for, else
        another one of the host, else one that uv installs below O(app_dir).
    type: str
    default: ''
  installer:
    description: What installs the requirements.
    type: str
    choices: [uv, pip]
    default: uv
  requirements:
    description:
      - Requirement files, relative to O(app_path). By default the file that the checkout itself is believed to be installed by, a lock file before
        others.
    type: list
    elements: str
    default: []
  extras:
    description: Extras of the project that are installed with it.
    type: list
    elements: str
    default: []
  groups:
    description: Dependency groups that are installed besides, of C(pyproject.toml) or a lock.
    type: list
    elements: str
    default: []
  strict_lock:
    description: Whether C(uv.lock) has to be up to date with C(pyproject.toml).
    type: bool
    default: false
  install_folder:
    description:
      - Folder in the repository whose project is itself installed. By default none, unless the package of the settings cannot be imported from
        O(app_path).
    type: str
    default: ''
  install_environment:
    description: More environment variables for what is downloaded, such as mirrors and proxies, as one JSON object, so that it is hidden as a whole.
    type: str
    default: '{}'
  system_libraries:
    description: Debian packages by the Python packages that need them, with C(python) or C(missing), C(build) and C(run).
    type: list
    elements: dict
    default: []
  packages:
    description: More requirements, as pip takes them.
    type: list
    elements: str
    default: []
  servers:
    description: The servers of the application, as a mapping of Python package to the requirement that is added when the others do not bring it.
    type: dict
    required: true
  entry:
    description: WSGI or ASGI application, C(module:name); it is imported once to see that it loads.
    type: str
    required: true
  gunicorn_config:
    description: What gunicorn's configuration file will hold; gunicorn checks it with O(entry).
    type: str
    default: ''
  check_level:
    description:
      - Level of C(manage.py check --deploy) at which the deploy stops; what is below it is a warning, as are model changes
        without a migration. V(none) checks nothing.
    type: str
    choices: [critical, error, warning, info, none]
    default: error
  collectstatic:
    description: Whether static files are collected.
    type: bool
    default: true
  settings:
    description:
      - What the project's settings are completed from, as one JSON object, so that it is hidden as a whole. C(complete) says whether they are
        at all, C(override) has settings that win over the project's, C(server_names) are the names that Django has to allow, C(https)
        says that the site is served over https, and C(static_url) is where nginx serves static files.
    type: str
    default: '{"complete": false, "override": {}, "server_names": [], "https": false, "static_url": "/static/"}'
  commands:
    description:
      - Commands of the project by phase, C(build) before static files are collected and C(static) after it, as one JSON object, so that their
        environment is hidden.
    type: str
    default: '{}'
  shared_paths:
    description: Paths in the repository that are links into C(shared) in a release.
    type: list
    elements: str
    default: []
  writable_paths:
    description: Folders outside C(shared) in which the application may write, each of which its user owns already.
    type: list
    elements: str
    default: []
  build:
    description: Stands for all that the release is made from besides its commit, so that another release is made when it changes.
    type: str
    default: ''
  prepared_from:
    description: Stands for all that the release is prepared from besides its commit, its environment among it; a change of it prepares the release anew.
    type: str
    required: true
  ask_database:
    description: Whether to return RV(unapplied).
    type: bool
    default: false
  start_early:
    description:
      - Whether the release starts in the free slot right away, where the database lacks no migration of it. It gets no requests, and
        M(django_ansible.deploy.app_activate) goes on from there.
    type: bool
    default: false
  first:
    description:
      - On a host that is alone and has no live release, how a database without a table is migrated in this step; see M(django_ansible.deploy.app_migrate).
        The release then comes up by O(start_early) while O(host_packages) may still be installed, with the units of O(service).
      - A database with a table is left to M(django_ansible.deploy.app_migrate).
    type: dict
    suboptions:
      dump:
        description: Whether the database is dumped before.
        type: bool
        default: true
      lock_timeout:
        description: Seconds that a statement waits for a lock.
        type: int
        default: 3
      lock_tries:
        description: How often a migration is tried that does not get its lock.
        type: int
        default: 10
      timeout:
        description: Seconds that the migrations may take. 0 sets no limit.
        type: int
        default: 0
  batches:
    description:
      - Names of all hosts of the run, batch by batch, where the release goes live in this step once it has come up by O(start_early). A host that is alone does so by
        itself. Several do when all of them are ready, one batch after the other; the action plugin and the heartbeat see to that.
      - Then O(finish) ends the deploy here as well. Where one host is not ready, none goes live, and M(django_ansible.deploy.app_activate) has to run.
    type: list
    elements: list
    default: []
  host_packages:
    description:
      - Debian packages that are installed while the virtual environment is built and Django looks at the release, which need none of them in most projects.
        Where something fails meanwhile, it is done again once they are there. Commands of the project wait for them.
    type: list
    elements: str
    default: []
  lone:
    description: Whether the application has this host alone, so that a secret key may be made on it, and its database may be a file of the host.
    type: bool
    default: false
  proof:
    description: In a check with O(check_with_environment), what is done about migrations that break the live release by rules over their operations; see app_migrate.
    type: str
    choices: [refuse, warn, hold, 'off']
    default: refuse
  check_with_environment:
    description: Whether check mode may ask the new code's Django with the application's environment, as the application's user.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: partial
    details:
      - On a host with a live release, the builder reads the new code in a temporary folder. With O(check_with_environment), Django says which migrations
        are not applied and what Django's checks say, with the virtual environment of the live release. What that cannot predict is named.
      - On a host without a release it predicts that one would be made, and names what cannot be predicted.
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Prepare the checked-out commit
  django_ansible.deploy.app_release:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    release: 20260102T030405Z-0123456
    revision: 0123456789abcdef0123456789abcdef01234567
    workspace: /home/me/mydjango
    servers: {gunicorn: gunicorn==27.0.1}
    entry: mydjango.wsgi:application
    environment: "{{ {'DJANGO_SETTINGS_MODULE': 'mydjango.settings'} | to_json }}"
    prepared_from: mydjango.settings
"""

RETURN = r"""
done:
  description: What was made, any of V(code), V(venv), V(check), V(static), and the project's commands that ran, as they were written.
  type: list
  returned: success
needs_all:
  description: Why nothing was done, where the archive had only what an earlier release lacks and that is not what it was. The action plugin then brings all.
  type: str
  returned: when so
unapplied:
  description: The migrations that are not applied, as the release says; V(null) when it did not say.
  type: list
  returned: success
activated:
  description: C(release) and C(revision) that this step went over to, with O(batches).
  type: dict
  returned: when so
found_bad:
  description: Whether the release failed its visitors, so that no other host should get it.
  type: bool
  returned: where O(batches) failed
finished:
  description: Whether the deploy was ended here too, as it was on all hosts.
  type: bool
  returned: with RV(activated)
told:
  description: What was found out about the project, each with what overrides it. The action plugin shows it.
  type: list
  returned: success
deploy:
  description: For the events file, what Django's system check warns of, C(warnings), and C(target_revision), with RV(activated) what
    M(django_ansible.deploy.app_activate) says, and C(phases), how many milliseconds this step was in each phase after its own; in check mode also the C(migrations) that would be
    applied, C(requirements) that change, and what is C(unknown).
  type: dict
  returned: success
"""

import json
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.repository import secrets_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock, Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.phases import Phases
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import activating, going_over, preparing
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, SERVICE, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.finishing import FINISH
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.first_deploy import FIRST, NotMigrated


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "required": True},
            "revision": {"type": "str", "required": True},
            "workspace": {"type": "path"},
            "upload": {"type": "bool", "default": True},
            "archive": {"type": "path"},
            "archive_content": {"type": "str", "no_log": True},
            "contents": {"type": "str", "default": "", "no_log": True},
            "archived": {"type": "dict", "default": {}},
            "repository": {"type": "str"},
            "python": {"type": "str", "default": ""},
            "installer": {"type": "str", "choices": ["uv", "pip"], "default": "uv"},
            "requirements": {"type": "list", "elements": "str", "default": []},
            "packages": {"type": "list", "elements": "str", "default": []},
            "extras": {"type": "list", "elements": "str", "default": []},
            "groups": {"type": "list", "elements": "str", "default": []},
            "strict_lock": {"type": "bool", "default": False},
            "install_folder": {"type": "str", "default": ""},
            "install_environment": {"type": "str", "default": "{}", "no_log": True},
            "system_libraries": {"type": "list", "elements": "dict", "default": []},
            "servers": {"type": "dict", "required": True},
            "entry": {"type": "str", "required": True},
            "gunicorn_config": {"type": "str", "default": ""},
            "check_level": {"type": "str", "choices": ["critical", "error", "warning", "info", "none"], "default": "error"},
            "collectstatic": {"type": "bool", "default": True},
            "settings": {"type": "str", "default": '{"complete": false, "override": {}, "server_names": [], "https": false, "static_url": "/static/"}', "no_log": True},
            "commands": {"type": "str", "default": "{}", "no_log": True},
            "shared_paths": {"type": "list", "elements": "str", "default": []},
            "writable_paths": {"type": "list", "elements": "str", "default": []},
            "build": {"type": "str", "default": ""},
            "prepared_from": {"type": "str", "required": True, "no_log": True},
            "ask_database": {"type": "bool", "default": False},
            "start_early": {"type": "bool", "default": False},
            "first": {"type": "dict", "options": FIRST},
            "batches": {"type": "list", "elements": "list", "default": []},
            "finish": {"type": "dict", "options": FINISH},
            "host_packages": {"type": "list", "elements": "str", "default": []},
            "lone": {"type": "bool", "default": False},
            "proof": {"type": "str", "choices": ["refuse", "warn", "hold", "off"], "default": "refuse"},
            "check_with_environment": {"type": "bool", "default": False},
            **SERVICE,
        },
        required_one_of=[("workspace", "repository")],
        mutually_exclusive=[("workspace", "repository")],
        supports_check_mode=True,
    )
    module.no_log_values |= secrets_of(module.params["repository"] or "")
    # A check does not know the commit where the host has no git to ask a repository with.
    target = {"target_revision": module.params["revision"]} if module.params["revision"] else {}
    # What serves goes first.
    os.nice(10)
    os.environ.update({name: str(value) for name, value in json.loads(module.params["install_environment"]).items()})
    lock = lock_of(module.params, module.check_mode)
    result: dict = {}
    try:
        with lock.step():
            preparing.run(module.params, module.check_mode, lock, result)
    except (CommandFailed, Locked, RunEnded) as error:
        before = ended_before(module, lock, error)
        if before:
            answer(module, {"done": before["done"]}, before)
        found = getattr(error, "found", {}) or result.get("found", {})
        for warning in found.get("warnings", []):
            module.warn(warning)
        said = str(error) if isinstance(error, NotMigrated) else "release %s cannot be prepared: %s" % (module.params["release"], error)
        applied = applied_by({"migrations": [*result.get("migrations", []), *getattr(error, "applied", [])]})
        module.fail_json(msg=said, changed=bool(result.get("changed") or applied), told=found.get("told", []), deploy={**target, **kept(module), **applied})
    if "needs_all" in result:
        module.exit_json(**result)
    found, applied, times, no_dump = result.pop("found"), applied_by(result), result.pop("times", []), result.pop("no_dump", None)
    result.pop("migrations", None)
    warnings, told = (found.get(name, []) if result["changed"] else [] for name in ("warnings", "told"))
    if no_dump:
        warnings = [*warnings, "no dump was made before the migration: %s" % no_dump]
    for warning in warnings:
        module.warn(warning)
    predicted = {key: found[key] for key in ("migrations", "requirements", "unknown") if isinstance(found.get(key), list)}
    made = {**result, "told": [*told, *times], "deploy": {"warnings": warnings, **applied, **target, **(predicted if module.check_mode else {})}}
    went = go_over(module, lock, applied) if module.params["batches"] and not module.check_mode else None
    if went:
        answer(module, made, went)
    module.exit_json(**made)


def applied_by(result: dict) -> dict:
    """For the events, the C(migrations) of a first deploy."""
    return {"migrations": result["migrations"]} if result.get("migrations") else {}


def go_over(module: AnsibleModule, lock: DeployLock, applied: dict) -> dict | None:
    """:param applied: what :func:`applied_by` says of this step."""
    phases = Phases()
    try:
        went = going_over.go_over(module.params, lock, phases.begin)
        return went and {**went, "deploy": {**went["deploy"], **phases.told()}}
    except going_over.Unfinished as error:
        told = {**error.done["deploy"], **applied, **phases.told()}
        module.fail_json(msg="the new release is live, but the deploy was not finished: %s" % error, deploy=told)
    except (CommandFailed, Locked) as error:
        before = ended_before(module, lock, error)
        if before:
            return before
        failed = activating.failure(module.params, error, phases.told())
        module.fail_json(**{**failed, "deploy": {**failed["deploy"], **applied}})


def kept(module: AnsibleModule) -> dict:
    """Whether a host where preparing failed serves what it served before: a boot ends a step, and Ansible asks for it again, after others have gone over."""
    return {} if module.check_mode or going_over.has_moved(module.params) else {"kept": True}


def ended_before(module: AnsibleModule, lock: DeployLock, error: BaseException) -> dict | None:
    """What a step has done whose connection broke, where it went on while Ansible asked for it again."""
    return activating.ended_before(module.params) if isinstance(error, Locked) and lock.holder() is None else None


def answer(module: AnsibleModule, made: dict, went: dict) -> None:
    """Ends the step of a host that went over to the release."""
    for warning in went["deploy"]["warnings"]:
        module.warn(warning)
    deploy, before = went["deploy"], made.get("deploy", {})
    module.exit_json(
        # It would not have come up otherwise.
        unapplied=[], changed=went["changed"], done=made["done"], told=[*made.get("told", []), *went["told"]], diff=went.get("diff", []),
        deploy={
            **before, **deploy, "warnings": [*before.get("warnings", []), *deploy["warnings"]],
            "migrations": [*before.get("migrations", []), *deploy.get("migrations", [])],
        },
        activated={"release": deploy["release"], "revision": deploy["revision"]}, finished=went["finished"],
    )


if __name__ == "__main__":
    main()
