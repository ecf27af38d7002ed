# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A Redis or Valkey of Debian's packages that several applications share: each is a user of its own who gets into a database of its own alone."""
from __future__ import annotations

import hashlib
import re
import socket

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.memory import MIB, steady
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.neighbours import header, refuse_other_settings

# The collection's own user, who changes what can be changed without a restart.
ADMINISTRATOR = "django-ansible-deploy"
DATABASES = 1024
# What a server that runs takes on; anything else needs a restart.
LIVE = {
    "appendfsync", "appendonly", "hz", "lfu-decay-time", "lfu-log-factor", "maxclients", "maxmemory", "maxmemory-policy", "maxmemory-samples", "notify-keyspace-events",
    "save", "slowlog-log-slower-than", "slowlog-max-len", "timeout",
}
# What reaches beyond the own database, by the version that has it.
BEYOND = (((6, 0), "-move -swapdb -flushall"), ((6, 2), "-copy"), ((7, 0), "-function"))


def hashed(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


def version_of(said: str) -> tuple[int, int]:
    """The version from what C(redis-server --version) prints; Valkey began with Redis 7."""
    found = re.search(r"\bv=(\d+)\.(\d+)", said)
    version = (int(found.group(1)), int(found.group(2))) if found else (0, 0)
    if version < (6, 0):
        raise CommandFailed("it is older than version 6, which has no users: install a newer one")
    return version


def rights(version: tuple[int, int], password: str, database: int, former: str = "") -> list[str]:
    """What an application may do: anything in its database, and nothing of the administrator's.

    :param former: a password that holds as well, while another one takes its place.
    """
    channels = ["sanitize-payload", "&*"] if version >= (6, 2) else []
    beyond = [word for since, words in BEYOND if version >= since for word in words.split()]
    return ["on", "~*", *channels, "+@all", "-@admin", "-select", "+select|%d" % database, *beyond, *("#" + hashed(word) for word in (password, former) if word)]


def administrator(version: tuple[int, int], password: str) -> list[str]:
    return ["on", "~*", *(["&*"] if version >= (6, 2) else []), "+@all", "#" + hashed(password)]


def user_file(app_name: str, words: list[str]) -> str:
    return "# Ansible managed\nuser %s %s\n" % (app_name, " ".join(words))


def database_of(text: str) -> int | None:
    found = re.search(r"\+select\|(\d+)", text)
    return int(found.group(1)) if found else None


def refuse_taken(app_name: str, database: int, others: dict[str, str]) -> None:
    """:raises CommandFailed: when another application has the database.

    :param others: the files of the applications' users, by application.
    """
    for other, text in sorted(others.items()):
        if other != app_name and database_of(text) == database:
            raise CommandFailed("database %d is that of the application %s: set redis_server_database to another one below %d" % (database, other, DATABASES))


def parse(text: str) -> dict:
    """The settings of a file, without its users and what it includes."""
    pairs = (line.split(None, 1) for line in text.splitlines() if line.strip() and not line.startswith("#"))
    return {pair[0]: pair[1] if pair[1:] else "" for pair in pairs if pair[0] not in ("user", "include")}


def former_user(text: str) -> str | None:
    """The line by which a version before let an application in as the user that everybody is."""
    found = re.search(r"^user default on .*$", text, re.MULTILINE)
    return found.group(0) if found else None


def settings_of(before: str, owner: str, params: dict, memory: int) -> dict:
    """The server's settings, which belong to one application; another one may only have it listen to its hosts, too.

    :raises CommandFailed: when another one asks for settings of its own.
    """
    known = parse(before)
    # "-" before an address: one that the host does not have is no reason to fail.
    everywhere = {"bind": "* -::*"} if params["clients"] or known.get("bind") == "* -::*" else {}
    if owner != params["app_name"]:
        refuse_other_settings(owner, "redis_server_settings", params["settings"], known)
        return {**known, **(everywhere if known.get("bind") == "127.0.0.1 -::1" else {})}
    found = re.fullmatch(r"(\d+)mb", known.get("maxmemory", ""))
    share = memory // (4 if params["alone"] else 8) // MIB
    return {
        "bind": "127.0.0.1 -::1",
        **everywhere,
        "port": str(params["port"]),
        "databases": str(DATABASES),
        "maxmemory": "%dmb" % max(steady(share, int(found.group(1)) if found else None), 32),
        # Never by throwing away what a broker was given.
        "maxmemory-policy": "noeviction",
        **{name: str(value) for name, value in params["settings"].items()},
    }


def server_file(owner: str, settings: dict, users: list[str], includes: list[str]) -> str:
    lines = ["%s %s" % entry for entry in sorted(settings.items())]
    return "\n".join([header(owner), *lines, *users, *("include %s" % path for path in includes), ""])


def restarts(before: dict, after: dict) -> list[str]:
    """Settings that change and that a running server does not take on, each with both values."""
    different = sorted(name for name in {*before, *after} if before.get(name) != after.get(name) and (name not in LIVE or name not in after))
    return ["%s (%s -> %s)" % (name, before.get(name, "the default"), after.get(name, "the default")) for name in different]


class Client:
    """Speaks with the server on this host, as far as that takes."""

    def __init__(self, port: int, password: str) -> None:
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.replies = self.connection.makefile("rb")
        self.ask("AUTH", ADMINISTRATOR, password)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *unused: object) -> None:
        self.connection.close()

    def ask(self, *words: str) -> object:
        """:raises CommandFailed: with what the server says."""
        sent = b"*%d\r\n" % len(words)
        for word in map(str.encode, words):
            sent += b"$%d\r\n%s\r\n" % (len(word), word)
        self.connection.sendall(sent)
        return self.reply()

    def reply(self) -> object:
        line = self.replies.readline().rstrip(b"\r\n").decode()
        kind, rest = line[:1], line[1:]
        if kind == "-" or not line:
            raise CommandFailed("it refuses: %s" % (rest or "the connection ended"))
        if kind == "$":
            return self.replies.read(int(rest) + 2)[:-2].decode() if int(rest) >= 0 else None
        if kind == "*":
            return [self.reply() for _ in range(int(rest))]
        return rest
