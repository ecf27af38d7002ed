#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: postgresql_server
short_description: Gives an application its database on this host's PostgreSQL
description:
  - Settings by the host's memory, a role with a SCRAM password, its database, extensions, access for the application's hosts alone, and a nightly dump.
  - The server is restarted only when a setting changed that needs it, which the log says first, and reloaded when access or another setting changed. Its settings
    belong to the first application that is on it; memory is given in coarse steps, so that they stay as they are when the host's changes a little.
  - What is missing is installed. In check mode without PostgreSQL on the host, nothing else can be predicted.
extends_documentation_fragment:
  - django_ansible.deploy.server
options:
  app_name:
    description: Internal name of the application.
    type: str
    required: true
  database:
    description: Its database, made when it is missing, in UTF-8 and owned by the first O(user).
    type: str
    required: true
  user:
    description:
      - The role with which it logs in, without any right beyond its database.
      - Another one than before works in the place of the role that owns the database. Both passwords hold then, until M(django_ansible.deploy.postgresql_logins)
        ends the others.
    type: str
    required: true
  password:
    description: Password of O(user).
    type: str
    required: true
  port:
    description: Port of the cluster.
    type: int
    default: 5432
  packages:
    description: Debian packages that have to be there, PostgreSQL itself among them.
    type: list
    elements: str
    default: []
  extensions:
    description: Extensions of the database. Their Debian packages are installed for the server's version.
    type: list
    elements: str
    default: []
  may_create:
    description: Whether O(user) may make databases, which a rehearsal of a restore from another host needs. One that may keeps the right.
    type: bool
    default: false
  dumps:
    description: How many nightly dumps are kept. 0 makes none.
    type: int
    default: 14
  dump_schedule:
    description: When, as systemd's C(OnCalendar=) reads it.
    type: str
    default: '*-*-* 02:30:00'
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
  diff_mode:
    description: Returns what it changes as differences, in diff mode.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Provide the database
  django_ansible.deploy.postgresql_server:
    app_name: mydjango
    database: mydjango
    user: mydjango
    password: "{{ vault_db_password }}"
    clients: [10.0.0.11, 10.0.0.12]
"""

RETURN = r"""
done:
  description: What changed, in words.
  type: list
  returned: success
former:
  description: Other roles of the application that can still log in.
  type: list
  elements: str
  returned: success
restart:
  description: Why the server would have to restart. Nothing was changed.
  type: str
  returned: when O(restart=false) and it would have to
"""

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import memory, postgresql, postgresql_logins, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.neighbours import RestartNeeded
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install, missing_packages

UNITS = "/etc/systemd/system"
DUMP_SERVICE = """# Ansible managed
[Unit]
Description=%(app_name)s, dump of its database
After=postgresql.service

[Service]
Type=oneshot
User=postgres
Group=postgres
UMask=0077
Environment="DATABASE=%(database)s" "PORT=%(port)d" "KEEP=%(dumps)d"
StateDirectory=%(app_name)s-dumps
StateDirectoryMode=0700
WorkingDirectory=%%S/%(app_name)s-dumps
# Only a whole dump gets the name of one; then the oldest go.
ExecStart=/bin/sh -ec 'new=$$(date -u +%%%%Y%%%%m%%%%dT%%%%H%%%%M%%%%SZ).dump; trap "rm -f $$new.partial" EXIT; pg_dump --format=custom --no-password --port="$$PORT" --file="$$new.partial" --dbname="$$DATABASE"; sync "$$new.partial"; mv "$$new.partial" "$$new"; ls -1 *.dump | head -n -"$$KEEP" | xargs -r rm -f --'
NoNewPrivileges=true
PrivateDevices=true
PrivateTmp=true
ProtectHome=true
ProtectSystem=strict
"""
DUMP_TIMER = """# Ansible managed
[Unit]
Description=%(app_name)s, dump of its database

[Timer]
OnCalendar=%(dump_schedule)s
RandomizedDelaySec=10min
Persistent=true

[Install]
WantedBy=timers.target
"""


class Server:
    """The way from what the host's PostgreSQL is to what the application needs."""

    def __init__(self, params: dict, check_mode: bool, may_restart: bool) -> None:
        self.params = params
        self.may_restart = may_restart
        self.check_mode = check_mode
        self.done: list[str] = []
        self.former: list[str] = []
        self.diff: list[dict] = []
        self.version, name = postgresql.cluster(params["port"], run(["pg_lsclusters", "--no-header"]))
        self.folder = os.path.join("/etc/postgresql", self.version, name)
        self.service = "postgresql@%s-%s.service" % (self.version, name)

    def provide(self) -> None:
        self.configure()
        if not systemd.is_active(self.service):
            self.do("started PostgreSQL", lambda: systemd.systemctl("enable", "--now", "--quiet", "postgresql.service", self.service))
            if self.check_mode:
                return
        self.provide_role()
        self.provide_database()
        self.provide_dumps()

    def do(self, what: str, work) -> None:
        self.done.append(what)
        if not self.check_mode:
            work()

    def write(self, file: ManagedFile, what: str) -> bool:
        if not file.differs():
            return False
        self.diff.append(file.diff())
        self.do(what, file.write)
        return True

    def configure(self) -> None:
        params = self.params
        settings = os.path.join(self.folder, "conf.d", "django-ansible-deploy.conf")
        before = (ManagedFile(settings, "").read() or b"").decode()
        hba = os.path.join(self.folder, "pg_hba.conf")
        with open(hba, encoding="utf-8") as file:
            self.known_access = file.read()
        applications = postgresql.applications_of(self.known_access)
        database, roles = postgresql.known_roles(self.known_access, params["app_name"])
        self.roles = roles if database == params["database"] else []
        # The first one owns the database.
        roles = [*self.roles, *([] if params["user"] in self.roles else [params["user"]])]
        self.owner = roles[0]
        text = postgresql.settings_file(before, params["app_name"], applications, memory.of_host(), params)
        active = systemd.is_active(self.service)
        if active:
            self.refuse_other_role()
        restart = self.restarts(postgresql.parse_settings(before), postgresql.parse_settings(text)) if active else []
        if restart and not self.may_restart and not self.check_mode:
            raise RestartNeeded("PostgreSQL restarts now, since these settings change: %s" % ", ".join(restart))
        changed = self.write(ManagedFile(settings, text), "settings")
        allowed = postgresql.allow(self.known_access, params["app_name"], params["database"], roles, postgresql.addresses(params["clients"]))
        changed |= self.write(ManagedFile(hba, allowed, "0640", "postgres", "postgres"), "access")
        if active and changed and not self.check_mode:
            systemd.systemctl("restart" if restart else "reload", self.service)

    def restarts(self, before: dict, after: dict) -> list[str]:
        """Settings that change and that the running server only reads when it starts, each with both values."""
        different = sorted(name for name in {*before, *after} if before.get(name) != after.get(name))
        names = ", ".join(map(postgresql.literal, different))
        rows = self.ask("SELECT name, setting, coalesce(unit, '') FROM pg_settings WHERE context = 'postmaster' AND name IN (%s)" % names) if different else ""
        return ["%s (%s -> %s)" % (name, before.get(name, "the default"), after.get(name, "the default")) for name in (row.split("|")[0] for row in rows.splitlines())]

    def ask(self, script: str, database: str = "postgres") -> str:
        return postgresql.psql(script, self.params["port"], database)

    def password_of(self, user: str) -> str:
        """What the server keeps of it; empty when there is no such role."""
        return self.ask("SELECT coalesce(rolpassword, 'none') FROM pg_authid WHERE rolname = %s" % postgresql.literal(user))

    def refuse_other_role(self) -> None:
        user = self.params["user"]
        other = postgresql.owner_of_role(self.known_access, user, self.params["app_name"])
        if other and not postgresql.is_of(self.password_of(user), self.params["password"]):
            raise CommandFailed("the role %s is that of the application %s, with another password: set db_user and db_name" % (user, other))

    def provide_role(self) -> None:
        user, password = self.params["user"], self.params["password"]
        kept = self.password_of(user)
        if not kept:
            self.do("role %s" % user, lambda: self.ask(postgresql_logins.creation(user, password, self.owner)))
        elif user != self.owner and user not in self.roles:
            raise CommandFailed("the role %s is there, and no deploy has made it: choose another db_user" % user)
        elif not postgresql.is_of(kept, password) or user not in postgresql_logins.that_hold([user], self.params["port"]):
            self.do("password of %s" % user, lambda: self.ask(postgresql_logins.opening(user, password)))
        self.former = postgresql_logins.that_hold([role for role in self.roles if role != user], self.params["port"])
        owner = self.owner
        if self.params["may_create"] and not (self.check_mode and not kept) and self.ask("SELECT rolcreatedb FROM pg_roles WHERE rolname = %s" % postgresql.literal(owner)) != "t":
            self.do("right of %s to make databases" % owner, lambda: self.ask("ALTER ROLE %s CREATEDB" % postgresql.name(owner)))

    def provide_database(self) -> None:
        database, user = self.params["database"], self.owner
        found = self.ask("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s" % postgresql.literal(database))
        if not found:
            self.do("database %s" % database, lambda: self.make_database(database, user))
            if self.check_mode:
                return
        elif found != user:
            raise CommandFailed("the database %s is there and belongs to %s, not to %s: name another one or change its owner" % (database, found, user))
        self.provide_extensions(database)

    def provide_extensions(self, database: str) -> None:
        installed = self.ask("SELECT extname FROM pg_extension", database).splitlines()
        missing = [extension for extension in self.params["extensions"] if extension not in installed]
        if missing:
            postgresql.refuse_traps(self.ask(postgresql.TRAPS, database), missing)
        packages = postgresql.packages_of(missing, self.version)
        if packages:
            self.do("packages %s" % ", ".join(packages), lambda: self.install(packages))
        for extension in missing:
            self.do("extension %s" % extension, lambda: self.ask("SET search_path TO public; CREATE EXTENSION %s CASCADE" % postgresql.name(extension), database))

    def install(self, packages: list[str]) -> None:
        try:
            apt_install(packages)
        except CommandFailed as error:
            raise CommandFailed("%s could not be installed, from where extensions come: name their packages in postgresql_server_packages. %s" % (", ".join(packages), error)) from error

    def make_database(self, database: str, user: str) -> None:
        self.ask(
            "CREATE DATABASE %s OWNER %s ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0;\n"
            "REVOKE CONNECT ON DATABASE %s FROM PUBLIC;" % (postgresql.name(database), postgresql.name(user), postgresql.name(database))
        )

    def provide_dumps(self) -> None:
        base = os.path.join(UNITS, "%s-database-dump" % self.params["app_name"])
        timer = os.path.basename(base) + ".timer"
        if not self.params["dumps"]:
            if os.path.exists(base + ".timer"):
                self.do("no dumps any more", lambda: self.end_dumps(base, timer))
            return
        files = [ManagedFile(base + ".service", DUMP_SERVICE % self.params), ManagedFile(base + ".timer", DUMP_TIMER % self.params)]
        different = [self.write(file, os.path.basename(file.path)) for file in files]
        if self.check_mode:
            return
        if any(different):
            systemd.systemctl("daemon-reload")
        if not systemd.is_enabled(timer) or not systemd.is_active(timer) or different[1]:
            systemd.systemctl("enable", "--quiet", timer)
            systemd.systemctl("restart", timer)

    def end_dumps(self, base: str, timer: str) -> None:
        systemd.systemctl("disable", "--now", "--quiet", timer)
        for suffix in (".service", ".timer"):
            os.unlink(base + suffix)
        systemd.systemctl("daemon-reload")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "database": {"type": "str", "required": True},
            "user": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "port": {"type": "int", "default": 5432},
            "packages": {"type": "list", "elements": "str", "default": []},
            "extensions": {"type": "list", "elements": "str", "default": []},
            "clients": {"type": "list", "elements": "str", "default": []},
            "alone": {"type": "bool", "default": True},
            "settings": {"type": "dict", "default": {}},
            "may_create": {"type": "bool", "default": False},
            "dumps": {"type": "int", "default": 14},
            "dump_schedule": {"type": "str", "default": "*-*-* 02:30:00"},
            "restart": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        missing = missing_packages(module.params["packages"])
        if missing and module.check_mode:
            module.exit_json(changed=True, done=["packages %s" % ", ".join(missing)], former=[])
        if missing:
            apt_install(missing)
        # One that was only just installed serves nobody yet.
        server = Server(module.params, module.check_mode, module.params["restart"] or bool(missing))
        server.provide()
    except RestartNeeded as needed:
        module.exit_json(changed=False, done=[], restart=str(needed))
    except CommandFailed as error:
        module.fail_json(msg="the database of %s on this host: %s" % (module.params["app_name"], error))
    module.exit_json(changed=bool(missing or server.done), done=missing + server.done, former=server.former, diff=server.diff)


if __name__ == "__main__":
    main()
