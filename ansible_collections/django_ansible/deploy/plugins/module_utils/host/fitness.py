# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Whether a host, and the database server that it is to use, can run an application at all."""
from __future__ import annotations

import os
import socket
import struct
import sys

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

# What a client sends first to ask for TLS; a server says S or N.
SSL_REQUEST = 80877103
# What the packages that serve an application (django_app_gunicorn_package) ask for.
OLDEST_PYTHON = (3, 10)


def os_release() -> dict:
    with open("/etc/os-release", encoding="utf-8") as file:
        pairs = (line.rstrip("\n").split("=", 1) for line in file if "=" in line)
        return {name: value.strip('"') for name, value in pairs}


def refuse_unfit_host() -> None:
    """:raises CommandFailed: when an application cannot run on this host at all."""
    system = os_release()
    if not {"debian", "ubuntu"} & {system.get("ID"), *system.get("ID_LIKE", "").split()}:
        raise CommandFailed("%s is not supported: role mode needs Debian or Ubuntu" % system.get("PRETTY_NAME", "this system"))
    if sys.version_info < OLDEST_PYTHON:
        raise CommandFailed(
            "%s is too old: role mode needs Python %d.%d or newer (Debian 12, Ubuntu 22.04), and this host has %d.%d"
            % (system.get("PRETTY_NAME", "this system"), *OLDEST_PYTHON, *sys.version_info[:2])
        )
    if not os.path.isdir("/run/systemd/system"):
        raise CommandFailed("systemd does not run on this host, and the application's units need it")
    if os.geteuid() != 0:
        raise CommandFailed("root is needed to deploy: let the user use sudo, or connect as root")


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
