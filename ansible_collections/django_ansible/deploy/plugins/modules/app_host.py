#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_host
short_description: Tells what a host has and what it serves
description:
  - Looks at a host once, before anything is touched, so that later steps run only where there is something to do.
  - Changes nothing, but takes the deploy lock. Fails when the host cannot run the application at all, or another deploy holds the lock.
extends_documentation_fragment:
  - django_ansible.deploy.layout
options:
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
    description: How many releases that have served stay, for RV(surplus).
    type: int
    default: 5
  database:
    description: PostgreSQL server that has to answer, C(host:port). Empty asks none.
    type: str
    default: ''
  lock_wait:
    description: How long to wait for another deploy that holds the lock, in seconds.
    type: int
    default: 0
attributes:
  check_mode:
    support: full
author:
  - The django-ansible-deploy authors
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
    which is equal for releases that have the same migrations, and C(build), which is for those made from the same settings.
  type: list
  returned: success
live:
  description: What serves now, C(slot), C(release) and C(revision); each V(null) before the first deploy.
  type: dict
  returned: success
idle_running:
  description: Whether the slot that is not live runs.
  type: bool
  returned: success
idle_enabled:
  description: Whether the slot that is not live would start at a boot, which a deploy that was not finished leaves behind.
  type: bool
  returned: success
surplus:
  description: Releases that have served and are no longer kept, which C(app_finish) removes.
  type: list
  returned: success
ipv6:
  description: Whether the host has IPv6.
  type: bool
  returned: success
renews_certificate:
  description: Whether the host renews a certificate of the application's own.
  type: bool
  returned: success
resolvers:
  description: Addresses of the host's DNS servers, as nginx takes them.
  type: list
  returned: success
free_mib:
  description: Free space below O(app_dir), in MiB.
  type: int
  returned: success
deploy:
  description: For the events file, C(app), C(packages) that are missing, and C(previous_release) and C(previous_revision), which serve now.
  type: dict
  returned: success
"""

import grp
import os
import pwd
import socket
import struct

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.arguments import LAYOUT, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.files import free_mib
from ansible_collections.django_ansible.deploy.plugins.module_utils.layout import SLOTS
from ansible_collections.django_ansible.deploy.plugins.module_utils.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.system_libraries import missing_packages
from ansible_collections.django_ansible.deploy.plugins.module_utils.systemd import is_active, is_enabled

# What a client sends first to ask for TLS; a server says S or N.
SSL_REQUEST = 80877103


def os_release() -> dict:
    with open("/etc/os-release", encoding="utf-8") as file:
        pairs = (line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        return {name: value.strip('"') for name, value in pairs}


def refuse_unfit_host(module: AnsibleModule) -> None:
    system = os_release()
    if not {"debian", "ubuntu"} & {system.get("ID"), *system.get("ID_LIKE", "").split()}:
        module.fail_json(msg="%s is not supported: role mode needs Debian or Ubuntu" % system.get("PRETTY_NAME", "this system"))
    if not os.path.isdir("/run/systemd/system"):
        module.fail_json(msg="systemd does not run on this host, and the application's units need it")
    if os.geteuid() != 0:
        module.fail_json(msg="root is needed to deploy: let the user become root (sudo) or connect as root")


def resolvers() -> list[str]:
    try:
        with open("/etc/resolv.conf", encoding="utf-8") as file:
            servers = [line.split()[1] for line in file if line.startswith("nameserver") and line.split()[1:]]
    except OSError:
        return []
    return ["[%s]" % server if ":" in server else server for server in servers if "%" not in server]


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


def account_exists(user: str, group: str) -> bool:
    try:
        return pwd.getpwnam(user).pw_gid == grp.getgrnam(group).gr_gid
    except KeyError:
        return False


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            "packages": {"type": "list", "elements": "str", "default": []},
            "needed_mib": {"type": "int", "default": 200},
            "keep_releases": {"type": "int", "default": 5},
            "database": {"type": "str", "default": ""},
            "lock_wait": {"type": "int", "default": 0},
        },
        supports_check_mode=True,
    )
    refuse_unfit_host(module)
    free = free_mib(module.params["app_dir"])
    if free < module.params["needed_mib"]:
        module.fail_json(
            msg="only %d MiB are free below %s, a release needs %d: free some space" % (free, module.params["app_dir"], module.params["needed_mib"])
        )
    trouble = silent_database(module.params["database"]) if module.params["database"] else None
    if trouble:
        module.fail_json(msg=trouble)
    layout = layout_of(module.params)
    lock = lock_of(module.params, module.check_mode)
    try:
        lock.take(module.params["lock_wait"])
    except Locked as error:
        module.fail_json(msg=str(error))
    if lock.notice:
        module.warn(lock.notice)
    slot = layout.live_slot()
    release = layout.slot_release(slot)
    revision = layout.read_release(release).get("revision") if release else None
    idle = [name for name in SLOTS if name != slot]
    releases = layout.list_releases()
    kept = layout.kept_releases(module.params["keep_releases"])
    missing = missing_packages(module.params["packages"]) if module.params["packages"] else []
    told = {"app": layout.app_name, "previous_release": release, "previous_revision": revision, "packages": missing}
    module.exit_json(
        changed=False,
        missing_packages=missing,
        account_exists=account_exists(module.params["app_user"], module.params["app_group"]),
        releases=[{key: found.get(key) for key in ("release", "revision", "bad", "activated", "migrations", "build")} for found in releases],
        surplus=[found["release"] for found in releases if found.get("activated") and not found.get("bad") and found["release"] not in kept],
        live={"slot": slot, "release": release, "revision": revision},
        idle_running=any(is_active(layout.slot_service(name)) for name in idle) if slot else False,
        idle_enabled=any(is_enabled(layout.slot_service(name)) for name in idle) if slot else False,
        ipv6=os.path.exists("/proc/net/if_inet6"),
        renews_certificate=os.path.exists("/etc/systemd/system/%s-certificate.timer" % layout.app_name),
        resolvers=resolvers(),
        free_mib=free,
        deploy={key: value for key, value in told.items() if value},
    )


if __name__ == "__main__":
    main()
