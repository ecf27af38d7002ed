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
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, tail
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.memory import MIB, mebibytes, steady
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.neighbours import header, owner_of, refuse_other_settings

# In the block of each application, also of one that no other host connects to. The second line is there while other roles work in the place of the first.
OWNS = "# role %s, database %s"
ALSO = "# also %s"
BLOCK = re.compile(r"^# BEGIN Ansible managed: (\S+)\n(.*?)^# END", re.MULTILINE | re.DOTALL)
COPIES = 4  # of the schema that there may be at a time
QUOTED = r'"((?:[^"]|"")+)"'
# Where Debian's files of extensions are, by the server's version, and what of their packages' names is not the extension's own.
EXTENSIONS = "/usr/share/postgresql/%s/extension"
PACKAGED_AS = {
    **dict.fromkeys(("postgis", "postgis_raster", "postgis_sfcgal", "postgis_topology", "postgis_tiger_geocoder", "address_standardizer", "address_standardizer_data_us"), "postgis-3"),
    **{"vector": "pgvector", "pg_cron": "cron", "pg_partman": "partman", "pg_repack": "repack", "pg_stat_kcache": "pg-stat-kcache"},
}

# What the script of an extension, which the administrator runs, could take for the server's own functions and operators: those of other roles in the schema that it is made in.
TRAPS = """\
SELECT p.proname FROM pg_proc AS p JOIN pg_roles AS r ON r.oid = p.proowner
  WHERE p.pronamespace = 'public'::regnamespace AND NOT r.rolsuper AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION SELECT o.oprname FROM pg_operator AS o JOIN pg_roles AS r ON r.oid = o.oprowner
  WHERE o.oprnamespace = 'public'::regnamespace AND NOT r.rolsuper AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e')
ORDER BY 1"""

# Of each connection of the administrator: whoever owns a database can have its sessions look in a schema of its own first, for functions and operators as well.
ADMINISTRATOR = {"PGOPTIONS": "-c search_path=pg_catalog"}


def psql(script: str, port: int, database: str = "postgres") -> str:
    """Runs SQL as the administrator and returns the rows, one a line. The script goes by standard input. What is not the server's own needs its schema.

    :raises CommandFailed: with the server's words.
    """
    argv = ["runuser", "--user", "postgres", "--", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-p", str(port)]
    # As an argument, psql would read a name with = in it as where to connect to.
    variables = {**os.environ, **ADMINISTRATOR, "PGDATABASE": database}
    done = subprocess.run(argv, input=script, text=True, capture_output=True, check=False, cwd="/", timeout=600, env=variables)
    if done.returncode:
        raise CommandFailed("PostgreSQL refuses: %s" % tail(done.stderr, 5))
    return done.stdout.strip()


def literal(text: str) -> str:
    return "'%s'" % text.replace("'", "''") if "\\" not in text else " E'%s'" % text.replace("\\", "\\\\").replace("'", "''")


def name(text: str) -> str:
    return '"%s"' % text.replace('"', '""')


def restored_name(database: str) -> str:
    """What a database is called while it is restored."""
    return shortened(database, "_restore")


def copy_names(database: str) -> list[str]:
    """What copies of a database's schema are called where pg_hba.conf has to name them. See django.scratch for how they begin."""
    return ["django_proof_%s_%d" % (hashlib.sha256(database.encode()).hexdigest()[:12], number) for number in range(1, COPIES + 1)]


def maker_name(database: str) -> str:
    """The role that makes databases for an application on another host, see host.postgresql_maker."""
    return "django_maker_" + hashlib.sha256(database.encode()).hexdigest()[:12]


def replaced_name(database: str, moment: float) -> str:
    """What a database, or what was in it, is called since a restore took its place at that moment (epoch seconds)."""
    return shortened(database, time.strftime("_replaced_%Y%m%d%H%M%S", time.gmtime(moment)))


def is_replaced(found: str, database: str) -> bool:
    """Whether a name is such a one of *database*."""
    return re.fullmatch(re.escape(replaced_name(database, 0)[:-14]) + "[0-9]{14}", found) is not None


def shortened(database: str, suffix: str) -> str:
    """A name with a suffix, as long as the server takes it: 63 bytes."""
    return database.encode()[: 63 - len(suffix)].decode(errors="ignore") + suffix


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


def packages_of(extensions: list[str], version: str) -> list[str]:
    """Debian packages that bring those extensions to a server of that version whose files are not on this host: C(postgresql-17-postgis-3)."""
    missing = [extension for extension in extensions if not os.path.exists(os.path.join(EXTENSIONS % version, extension + ".control"))]
    return list(dict.fromkeys("postgresql-%s-%s" % (version, PACKAGED_AS.get(extension, extension.replace("_", "-"))) for extension in missing))


def refuse_traps(found: str, extensions: list[str]) -> None:
    """:raises CommandFailed: when there is anything that :data:`TRAPS` finds, one a line."""
    names = found.splitlines()
    if names:
        raise CommandFailed(
            "the application's role has functions or operators in the schema public (%s%s), which the script of an extension could call as the administrator: look at them, "
            "and run CREATE EXTENSION there for %s" % (", ".join(names[:5]), " and more" if len(names) > 5 else "", ", ".join(extensions))
        )


def access_file(port: int, listing: str) -> str:
    """Where the cluster at a port keeps who gets in."""
    return os.path.join("/etc/postgresql", *cluster(port, listing), "pg_hba.conf")


def sane_settings(memory: int, alone: bool, everywhere: bool, more: dict, known: dict) -> dict:
    """The settings that a server gets, by the host's memory.

    :param memory: of the host, in bytes.
    :param alone: whether nothing else of weight runs on the host: then a quarter of its memory is the server's own, else an eighth.
    :param everywhere: whether other hosts connect.
    :param more: settings that win.
    :param known: those that it has, which stay where they are about right.
    """
    share = memory // (4 if alone else 8)

    def megabytes(name: str, wanted: int, least: int) -> str:
        return "%dMB" % max(steady(wanted // MIB, mebibytes(known.get(name))), least)

    return {
        "listen_addresses": "*" if everywhere else "localhost",
        "password_encryption": "scram-sha-256",
        "shared_buffers": megabytes("shared_buffers", min(share, 8192 * MIB), 32),
        "effective_cache_size": megabytes("effective_cache_size", share * 2, 64),
        "maintenance_work_mem": megabytes("maintenance_work_mem", min(share // 4, 1024 * MIB), 16),
        "work_mem": megabytes("work_mem", min(share // 64, 64 * MIB), 4),
        "random_page_cost": "1.1",
        **{key: str(value) for key, value in more.items()},
    }


def parse_settings(text: str) -> dict:
    return {name: value.replace("''", "'") for name, value in re.findall(r"^(\w+) = '(.*)'$", text, re.MULTILINE)}


def settings_file(before: str, app_name: str, applications: set[str], memory: int, params: dict) -> str:
    """The file of settings, which belongs to one application; another one may only have the server listen to its hosts, too.

    :raises CommandFailed: when another one asks for settings of its own.
    """
    known, owner = parse_settings(before), owner_of(before, app_name, applications)
    everywhere = bool(params["clients"]) or known.get("listen_addresses") == "*"
    if owner == app_name:
        settings = sane_settings(memory, params["alone"], everywhere, params["settings"], known)
    else:
        refuse_other_settings(owner, "postgresql_server_settings", params["settings"], known)
        settings = {**known, **({"listen_addresses": "*"} if everywhere and known.get("listen_addresses") == "localhost" else {})}
    lines = ["%s = '%s'" % (key, value.replace("'", "''")) for key, value in sorted(settings.items())]
    return "\n".join([header(owner), *lines, ""])


def applications_of(hba: str) -> set[str]:
    """The applications that pg_hba.conf lets in."""
    return set(re.findall(r"^# BEGIN Ansible managed: (\S+)$", hba, re.MULTILINE))


def known_roles(hba: str, app_name: str) -> tuple[str, list[str]]:
    """What deploys have made for an application: its database, and the roles that get into it, the one that owns it first. Empty when there is nothing."""
    for application, block in BLOCK.findall(hba):
        found = re.match(OWNS % (QUOTED, QUOTED) + "\n(?:" + ALSO % "(.*)" + ")?", block)
        if application == app_name and found:
            owner, database, others = found.groups()
            names = [text.replace('""', '"') for text in (database, owner, *re.findall(QUOTED, others or ""))]
            return names[0], names[1:]
    return "", []


def owner_of_role(hba: str, user: str, app_name: str) -> str | None:
    """Another application that has this role."""
    others = sorted(applications_of(hba) - {app_name})
    return next((application for application in others if user in known_roles(hba, application)[1]), None)


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


def allow(text: str, app_name: str, database: str, roles: list[str], networks: list[str]) -> str:
    """pg_hba.conf with the block of an application, which lets its roles into its database from these networks and from nowhere else.

    A database that is restored has a name of its own until it takes the place of the other, which is done from the empty database of the server. Copies of the
    schema, on which migrations are tried, have names of their own, too. Who makes them for a while is let in as well, see host.postgresql_maker.
    """
    begin, end = "# BEGIN Ansible managed: %s" % app_name, "# END Ansible managed: %s" % app_name
    databases = ",".join(map(name, (database, restored_name(database), *copy_names(database), "postgres")))
    owner, *others = map(name, roles)
    lines = [ALSO % ",".join(others)] if others else []
    lines += ["host %s %s %s scram-sha-256" % (databases, role, network) for role in (owner, *others, name(maker_name(database))) for network in networks]
    block = "\n".join([begin, OWNS % (owner, name(database)), *lines, end, ""])
    pattern = _block_of(app_name)
    if pattern.search(text):
        return pattern.sub(lambda _: block, text)
    return text.rstrip("\n") + "\n" + block


def renewed(text: str, app_name: str) -> str:
    """pg_hba.conf with the block of an application as :func:`allow` writes it, for the roles and networks that it has."""
    database, roles = known_roles(text, app_name)
    networks = re.findall(r"^host .* (\S+) scram-sha-256$", _block_of(app_name).search(text).group(), re.MULTILINE)
    return allow(text, app_name, database, roles, list(dict.fromkeys(networks)))


def disallow(text: str, app_name: str) -> str:
    """pg_hba.conf without the block of an application."""
    return _block_of(app_name).sub("", text)


def _block_of(app_name: str) -> re.Pattern:
    return re.compile("^# BEGIN Ansible managed: {0}\n.*?^# END Ansible managed: {0}\n".format(re.escape(app_name)), re.MULTILINE | re.DOTALL)
