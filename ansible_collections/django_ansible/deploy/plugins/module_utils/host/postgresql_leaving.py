# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The database and the role that deploys have made for an application leave a PostgreSQL server of this host, after a last dump."""
from __future__ import annotations

import os
import re
import shutil
import time
import urllib.parse

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree

UNITS = "/etc/systemd/system"
STATE = "/var/lib"
LONGEST = 6 * 3600  # seconds that a last dump may take


class Leaving:
    """What of an application is on this host's server.

    :param keep_dumps: whether a last dump is made, and the nightly ones stay beside it.
    """

    def __init__(self, app_name: str, port: int, keep_dumps: bool) -> None:
        self.app_name, self.port, self.keep_dumps = app_name, port, keep_dumps
        self.dumps = app_name + "-dumps"
        self.told: list[str] = []
        self.hba = self.settings = ManagedFile("", "")
        self.database, self.roles = "", []
        if shutil.which("pg_lsclusters"):
            self._look()

    def _look(self) -> None:
        version, name = postgresql.cluster(self.port, run(["pg_lsclusters", "--no-header"]))
        folder = os.path.join("/etc/postgresql", version, name)
        self.service = "postgresql@%s-%s.service" % (version, name)
        self.settings = ManagedFile(os.path.join(folder, "conf.d", "django-ansible-deploy.conf"), "")
        self.hba = ManagedFile(os.path.join(folder, "pg_hba.conf"), "", "0640", "postgres", "postgres")
        known = (self.hba.read() or b"").decode()
        self.database, self.roles = postgresql.known_roles(known, self.app_name)
        self.hba.content = postgresql.disallow(known, self.app_name).encode()

    def is_there(self) -> list[str]:
        """What would go, for people."""
        if not self.roles:
            return []
        return [*("database %s" % name for name in self._databases()), *("role %s" % role for role in self.roles), *self._units()]

    def leave(self) -> None:
        """:raises CommandFailed: before anything goes, when the last dump fails; with the server's words, when it refuses."""
        databases = self._databases()
        for name in databases if self.keep_dumps else []:
            self._dump(name)
        for unit in self._units():
            if unit.endswith(".timer"):
                systemd.systemctl("disable", "--now", "--quiet", unit)
        for unit in self._units():
            os.unlink(os.path.join(UNITS, unit))
        systemd.systemctl("daemon-reload")
        for name in databases:
            postgresql.psql("DROP DATABASE %s WITH (FORCE)" % postgresql.name(name), self.port)
        # The one that the others work for goes last.
        for role in (postgresql.maker_name(self.database), *reversed(self.roles)):
            try:
                postgresql.psql("DROP ROLE IF EXISTS %s" % postgresql.name(role), self.port)
            except CommandFailed as error:
                self.told.append("the role %s stays: %s" % (role, error))
        self.hba.write()
        if not postgresql.applications_of(self.hba.content.decode()) and self.settings.read() is not None:
            os.unlink(self.settings.path)
            self.told.append("PostgreSQL stays, and has its own settings again when it restarts")
        systemd.systemctl("reload", self.service)
        if self.keep_dumps:
            self.told.append("a last dump of %s is in %s, beside the nightly ones" % (", ".join(databases), os.path.join(STATE, self.dumps)))
        elif os.path.isdir(os.path.join(STATE, self.dumps)):
            with Tree(STATE) as state:
                state.remove(self.dumps)

    def _databases(self) -> list[str]:
        """The one that it used, and those that restores have left. Others of its roles stay: deploys have not made them, and their names are whatever it likes."""
        owned = "SELECT datname FROM pg_catalog.pg_database WHERE pg_catalog.pg_get_userbyid(datdba) = %s ORDER BY datname" % postgresql.literal(self.roles[0])
        ours = (self.database, postgresql.restored_name(self.database))
        return sorted({name for name in postgresql.psql(owned, self.port).splitlines() if name in ours or postgresql.is_replaced(name, self.database)})

    def _units(self) -> list[str]:
        names = [self.app_name + "-database-dump" + suffix for suffix in (".timer", ".service")]
        return [name for name in names if os.path.lexists(os.path.join(UNITS, name))]

    def _dump(self, database: str) -> None:
        """As the server's administrator, into the folder that is its own."""
        place = os.path.join(STATE, self.dumps, "last-%s-%s.dump" % (re.sub(r"\W", "_", database), time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())))
        properties = ["User=postgres", "Group=postgres", "UMask=0077", "StateDirectory=" + self.dumps, "StateDirectoryMode=0700"]
        argv = ["pg_dump", "--format=custom", "--no-password", "--port=%d" % self.port, "--file=" + place, "--dbname=postgresql:///" + urllib.parse.quote(database, safe="")]
        run(systemd.transient(["--wait", "--pipe", *("--property=" + one for one in properties)], argv), timeout=LONGEST)
