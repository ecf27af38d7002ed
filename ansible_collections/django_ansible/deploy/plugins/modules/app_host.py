#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_host
short_description: Shows what a host has and what is live there
description:
  - Looks at a host once, before anything is touched, so that later steps run only where there is something to do.
  - Changes nothing, but takes the deploy lock. Fails when the host cannot run the application at all, another deploy holds the lock, or its nginx
    refuses the site that it is to get.
extends_documentation_fragment:
  - django_ansible.deploy.heart
  - django_ansible.deploy.lock
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
  - django_ansible.deploy.layout.service
options:
  revision:
    description: Full hash of the commit that is to serve, where it is known this early.
    type: str
    default: ''
  build:
    description: Stands for all that a release is made from besides its commit.
    type: str
    default: ''
  prepared_from:
    description: Stands for all that a release is prepared from besides its commit.
    type: str
    default: ''
  ask_database:
    description: Whether to return RV(unapplied).
    type: bool
    default: false
  packages:
    description: Debian packages that the application needs.
    type: list
    elements: str
    default: []
  needed_mib:
    description: Free space that a new release needs below O(app_dir), in MiB.
    type: int
    default: 200
  keep_releases:
    description: How many releases that were live stay.
    type: int
    default: 5
  standby:
    description: Whether the slot that is not live keeps running.
    type: bool
    default: false
  database:
    description: PostgreSQL server that has to answer, C(host:port). Empty asks none.
    type: str
    default: ''
  last_step:
    description: Whether the deploy lock can be given back at once when the host is as it should be, since nothing follows on it.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Look at the host
  django_ansible.deploy.app_host:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    packages: [nginx, python3-venv]
"""

RETURN = r"""
missing_packages:
  description: Packages of O(packages) that are not installed.
  type: list
  returned: success
account_exists:
  description: Whether O(app_user) exists with O(app_group) as its primary group.
  type: bool
  returned: success
releases:
  description: Completed releases, oldest first, each with C(release), C(revision), C(bad), when it was C(activated), C(migrations),
    which is equal for releases that have the same migrations, C(build), which is for those made from the same settings, whether it is
    C(prepared) from O(prepared_from), and whether it is made C(as_built), from O(build).
  type: list
  returned: success
live:
  description: The live release, with C(slot), C(release) and C(revision); each V(null) before the first deploy.
  type: dict
  returned: success
to_finish:
  description:
    - Whether M(django_ansible.deploy.app_finish) has something to do even when nothing changes. The slot that is not live runs without O(standby), or
      would start at a boot, which a deploy that was not finished leaves behind; or there are releases that are no longer kept.
  type: bool
  returned: success
unapplied:
  description: The migrations that are not applied, as the live release says; V(null) when it is not the one of O(revision), or does not answer.
  type: list
  returned: success
current:
  description:
    - Whether the live release is one of O(build) and O(prepared_from), and of O(revision) where that is given, and everything on the host is
      as O(service) says. Otherwise M(django_ansible.deploy.app_activate) has something to do.
  type: bool
  returned: success
lock_kept:
  description: Whether a host that is RV(current) still has the deploy lock.
  type: bool
  returned: success
renews_certificate:
  description: Whether the host renews a certificate of the application's own.
  type: bool
  returned: success
code:
  description:
    - What the live release has of its commit, where a release of O(revision) has to be made and the live one can be of use for that, C(release) and
      C(contents). Kept for M(django_ansible.deploy.app_release) where Ansible runs; no variable of the play.
  type: dict
  returned: when so
free_mib:
  description: Free space below O(app_dir), in MiB.
  type: int
  returned: success
deploy:
  description:
    - For the events file, C(app), C(packages) that are missing, and C(previous_release) and C(previous_revision), which are live now. A host that
      is RV(current) also has C(release), C(revision) and C(url).
  type: dict
  returned: success
"""

import os
import socket
import struct
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import accounts, keeper, names, notice
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import free_mib
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import LOCK_ARGUMENTS, Locked, Waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import missing_packages
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.systemd import is_active, is_enabled
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import front, ground, kept_code, prepared, returning
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import APPLICATION, LAYOUT, SERVICE, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.wanted import Wanted

# What a client sends first to ask for TLS; a server says S or N.
SSL_REQUEST = 80877103
# What the packages that serve an application (django_app_gunicorn_package) ask for.
OLDEST_PYTHON = (3, 10)


def os_release() -> dict:
    with open("/etc/os-release", encoding="utf-8") as file:
        pairs = (line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        return {name: value.strip('"') for name, value in pairs}


def refuse_unfit_host(module: AnsibleModule) -> None:
    system = os_release()
    if not {"debian", "ubuntu"} & {system.get("ID"), *system.get("ID_LIKE", "").split()}:
        module.fail_json(msg="%s is not supported: role mode needs Debian or Ubuntu" % system.get("PRETTY_NAME", "this system"))
    if sys.version_info < OLDEST_PYTHON:
        module.fail_json(
            msg="%s is too old: role mode needs Python %d.%d or newer (Debian 12, Ubuntu 22.04), and this host has %d.%d"
            % (system.get("PRETTY_NAME", "this system"), *OLDEST_PYTHON, *sys.version_info[:2])
        )
    if not os.path.isdir("/run/systemd/system"):
        module.fail_json(msg="systemd does not run on this host, and the application's units need it")
    if os.geteuid() != 0:
        module.fail_json(msg="root is needed to deploy: let the user use sudo, or connect as root")


def silent_database(address: str) -> str | None:
    """What is wrong with a PostgreSQL server, as far as anybody can tell who has no password; None when it answers."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=10) as connection:
            connection.sendall(struct.pack("!ii", 8, SSL_REQUEST))
            answer = connection.recv(1)
    except OSError as error:
        return "the database at %s does not answer this host (%s): check db_host, db_port and the server's firewall and listen_addresses" % (address, error)
    return None if answer in (b"S", b"N") else "what answers at %s is no PostgreSQL server: check db_host and db_port" % address


def is_wanted(release: str | None, layout: Layout, params: dict) -> bool:
    """Whether a release is the one that is to serve, as far as that is known."""
    if release is None or not params["prepared_from"] or not prepared.is_prepared(layout, release, params["prepared_from"]):
        return False
    found = layout.read_release(release)
    return found.get("build") == params["build"] and params["revision"] in ("", found.get("revision")) and not found.get("bad")


def to_finish(slot: str | None, releases: list[dict], layout: Layout, params: dict) -> bool:
    idle = [layout.slot_service(name) for name in SLOTS if slot and name != slot]
    kept = layout.kept_releases(params["keep_releases"])
    return (
        any(entry["release"] not in kept for entry in releases if entry.get("activated") and not entry.get("bad"))
        or any(is_enabled(unit) or (is_active(unit) and not params["standby"]) for unit in idle)
    )


def unapplied(release: str, layout: Layout, params: dict) -> list[str] | None:
    """The migrations that a release says are not applied; None when it cannot be asked, which the step that migrates will tell."""
    try:
        return application_of(params, layout, release).drive("plan")["plan"]["migrations"]
    except CommandFailed:
        return None


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "revision": {"type": "str", "default": ""},
            "build": {"type": "str", "default": ""},
            "prepared_from": {"type": "str", "default": "", "no_log": True},
            "ask_database": {"type": "bool", "default": False},
            "packages": {"type": "list", "elements": "str", "default": []},
            "needed_mib": {"type": "int", "default": 200},
            "keep_releases": {"type": "int", "default": 5},
            "standby": {"type": "bool", "default": False},
            "database": {"type": "str", "default": ""},
            **SERVICE,
            "last_step": {"type": "bool", "default": False},
            **LOCK_ARGUMENTS,
            **keeper.HEART_ARGUMENTS,
        },
        supports_check_mode=True,
    )
    refuse_unfit_host(module)
    layout = layout_of(module.params)
    refused = accounts.refusal(module.params["app_user"]) or (None if os.path.isdir(layout.releases) else names.refusal(layout.app_name, layout.etc))
    if refused:
        module.fail_json(msg=refused)
    free = free_mib(module.params["app_dir"])
    if free < module.params["needed_mib"]:
        module.fail_json(
            msg="only %d MiB are free below %s, a release needs %d: free some space" % (free, module.params["app_dir"], module.params["needed_mib"])
        )
    try:
        notice.check(module.params["notify"])
    except CommandFailed as error:
        module.fail_json(msg=str(error))
    trouble = silent_database(module.params["database"]) if module.params["database"] else None
    if trouble:
        module.fail_json(msg=trouble)
    try:
        ground.refuse(layout, module.params["app_user"])
        layout.refuse_unreadable()
    except CommandFailed as error:
        module.fail_json(msg=str(error))
    lock = lock_of(module.params, module.check_mode)
    try:
        lock.take(module.params["lock_wait"], module.params["wait_is_told"])
    except Waits as told:
        module.exit_json(changed=False, waits=str(told))
    except Locked as error:
        module.fail_json(msg=str(error))
    if lock.notice:
        module.warn(lock.notice)
    if layout.went_alone():
        module.warn(layout.went_alone())
    heartbeat = keeper.begin(lock, module.params["heart"], returning, {name: module.params[name] for name in LAYOUT}, module.params["notify"])
    found = None
    try:
        found = look(layout, module.params)
        if not found["current"]:
            front.try_out(module.params)
    except Exception as error:
        # The run ends on this host, so nobody else would give it back.
        lock.release()
        if isinstance(error, CommandFailed):
            module.fail_json(msg=str(error) if found else "the host cannot be looked at: %s" % error)
        raise
    followed = found["to_finish"] or found["renews_certificate"] or (module.params["ask_database"] and found["unapplied"] != [])
    if found["current"] and module.params["last_step"] and not followed:
        lock.release()
        found["lock_kept"] = False
    elif heartbeat:
        trouble = heartbeat.wait()
        if trouble:
            module.warn(trouble)
    live = found["live"]["release"]
    code = kept_code.answer(layout, live) if live and lacks_release(found, module.params["revision"]) else None
    module.exit_json(changed=False, free_mib=free, **found, **({"code": code} if code else {}))


def lacks_release(found: dict, revision: str) -> bool:
    """Whether a release of a commit, where that is known, has yet to be made."""
    return revision not in ("", *(entry["revision"] for entry in found["releases"] if entry["as_built"]))


def look(layout: Layout, params: dict) -> dict:
    slot = layout.live_slot()
    release = layout.slot_release(slot)
    known = layout.read_release(release) if release else {}
    releases = layout.list_releases()
    missing = missing_packages(params["packages"]) if params["packages"] else []
    account = accounts.exists(params["app_user"], params["app_group"])
    wanted = is_wanted(release, layout, params)
    current = wanted and account and not missing and not Wanted({**params, **params["service"], "release": release}).pending()
    told = {"app": layout.app_name, "previous_release": release, "previous_revision": known.get("revision"), "packages": missing}
    if current:
        told.update(release=release, revision=known.get("revision"), url=params["service"]["url"])
    return {
        "missing_packages": missing,
        "account_exists": account,
        "releases": [
            {
                **{key: {**entry, **prepared.read(layout, entry["release"])}.get(key) for key in ("release", "revision", "bad", "activated", "migrations", "build")},
                "prepared": prepared.is_prepared(layout, entry["release"], params["prepared_from"]),
                "as_built": bool(params["build"]) and entry.get("build") == params["build"],
            }
            for entry in releases
        ],
        "live": {"slot": slot, "release": release, "revision": known.get("revision")},
        "to_finish": to_finish(slot, releases, layout, params),
        "unapplied": unapplied(release, layout, params) if wanted and params["revision"] and params["ask_database"] else None,
        "current": current,
        "lock_kept": current,
        "renews_certificate": os.path.exists("/etc/systemd/system/%s-certificate.timer" % layout.app_name),
        "deploy": {key: value for key, value in told.items() if value},
    }


if __name__ == "__main__":
    main()
