# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A PostgreSQL server of Debian's packages, as far as an application needs it: asked and told through psql, as its administrator."""
from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import socket
import subprocess

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail

MIB = 1 << 20


def psql(script: str, port: int, database: str = "postgres") -> str:
    """Runs SQL as the administrator and returns the rows, one a line. The script goes by standard input.

    :raises CommandFailed: with the server's words.
    """
    argv = ["runuser", "--user", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-p", str(port), "-d", database]
    done = subprocess.run(argv, input=script, text=True, capture_output=True, check=False, cwd="/", timeout=600)
    if done.returncode:
        raise CommandFailed("PostgreSQL refuses: %s" % tail(done.stderr, 5))
    return done.stdout.strip()


def literal(text: str) -> str:
    return "'%s'" % text.replace("'", "''") if "\\" not in text else " E'%s'" % text.replace("\\", "\\\\").replace("'", "''")


def name(text: str) -> str:
    return '"%s"' % text.replace('"', '""')


def scram(password: str, salt: bytes | None = None, iterations: int = 4096) -> str:
    """What PostgreSQL keeps of a password, so that the password itself is in none of its logs (RFC 5803)."""
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, iterations)
    client, server = (hmac.digest(salted, key, "sha256") for key in (b"Client Key", b"Server Key"))
    stored, server_key, given = (base64.b64encode(value).decode() for value in (hashlib.sha256(client).digest(), server, salt))
    return "SCRAM-SHA-256$%d:%s$%s:%s" % (iterations, given, stored, server_key)


def is_of(kept: str, password: str) -> bool:
    """Whether what PostgreSQL keeps is of this password."""
    found = re.fullmatch(r"SCRAM-SHA-256\$(\d+):([^$]+)\$.+", kept)
    return bool(found) and hmac.compare_digest(kept, scram(password, base64.b64decode(found.group(2)), int(found.group(1))))


def cluster(port: int, listing: str) -> tuple[str, str]:
    """Version and name of the cluster at a port, from what ``pg_lsclusters --no-header`` prints."""
    found = [line.split() for line in listing.splitlines() if line.strip()]
    for line in found:
        if line[2] == str(port):
            return line[0], line[1]
    there = ", ".join("%s/%s on port %s" % tuple(line[:3]) for line in found) or "none"
    raise CommandFailed("no PostgreSQL cluster of this host is on port %d, there are: %s. Set db_port" % (port, there))


def sane_settings(memory: int, alone: bool, everywhere: bool, more: dict) -> str:
    """The settings that a server gets, by the host's memory.

    :param memory: of the host, in bytes.
    :param alone: whether nothing else of weight runs on the host: then a quarter of its memory is the server's own, else an eighth.
    :param everywhere: whether other hosts connect.
    :param more: settings that win.
    """
    share = memory // (4 if alone else 8)
    settings = {
        "listen_addresses": "*" if everywhere else "localhost",
        "password_encryption": "scram-sha-256",
        "shared_buffers": "%dMB" % max(min(share, 8192 * MIB) // MIB, 32),
        "effective_cache_size": "%dMB" % max(share * 2 // MIB, 64),
        "maintenance_work_mem": "%dMB" % max(min(share // 4, 1024 * MIB) // MIB, 16),
        "work_mem": "%dMB" % max(min(share // 64, 64 * MIB) // MIB, 4),
        "random_page_cost": "1.1",
        **{key: str(value) for key, value in more.items()},
    }
    lines = ["%s = '%s'" % (key, value.replace("'", "''")) for key, value in sorted(settings.items())]
    return "\n".join(["# Ansible managed", *lines, ""])


def memory_of_host() -> int:
    with open("/proc/meminfo", encoding="utf-8") as file:
        return int(re.search(r"MemTotal:\s+(\d+) kB", file.read()).group(1)) * 1024


def addresses(hosts: list[str]) -> list[str]:
    """Hosts as pg_hba.conf takes them: a network stays, a name becomes the addresses that it leads to from here.

    :raises CommandFailed: when a name leads nowhere.
    """
    result = []
    for host in hosts:
        if "/" in host:
            result.append(host)
            continue
        try:
            found = sorted({entry[4][0] for entry in socket.getaddrinfo(host.strip("[]"), None, type=socket.SOCK_STREAM)})
        except OSError as error:
            raise CommandFailed("%s, which may connect, is no address and leads to none: set django_app_address on that host (%s)" % (host, error)) from error
        result += ["%s/%d" % (address, 128 if ":" in address else 32) for address in found]
    return sorted(set(result))


def allow(text: str, app_name: str, database: str, user: str, networks: list[str]) -> str:
    """pg_hba.conf with the block of an application, which lets its role into its database from these networks and from nowhere else."""
    begin, end = "# BEGIN Ansible managed: %s" % app_name, "# END Ansible managed: %s" % app_name
    lines = ["host %s %s %s scram-sha-256" % (name(database), name(user), network) for network in networks]
    block = "\n".join([begin, *lines, end, ""])
    pattern = re.compile("^%s\n.*?^%s\n" % (re.escape(begin), re.escape(end)), re.MULTILINE | re.DOTALL)
    if pattern.search(text):
        return pattern.sub(lambda _: block, text)
    return text.rstrip("\n") + "\n" + block
