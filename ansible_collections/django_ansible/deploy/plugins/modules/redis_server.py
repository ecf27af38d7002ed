#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_server
short_description: Gives an application a user and a database of its own on this host's Redis or Valkey
description:
  - A user with a password, who gets into one database alone, and access for the application's hosts. Several applications share a server; its settings belong to the first
    one that is on it, and memory is given in coarse steps, so that they stay as they are when the host's changes a little.
  - Users, and settings that allow it, are changed while the server runs. It is restarted only where that is not possible, which the log says first.
  - What is missing is installed. In check mode without a server on the host, nothing else can be predicted.
extends_documentation_fragment:
  - django_ansible.deploy.server
options:
  app_name:
    description: Internal name of the application, and its user.
    type: str
    required: true
  password:
    description: Password of the user. The server's configuration has its hash alone.
    type: str
    required: true
  former_password:
    description: Password that holds as well, so that what runs with it still gets in while O(password) takes its place.
    type: str
    default: ''
  database:
    description: Number of the application's database.
    type: int
    required: true
  packages:
    description: Debian packages that have to be there, C(redis-server) or C(valkey-server) among them.
    type: list
    elements: str
    default: [redis-server]
  port:
    description: Port of the server.
    type: int
    default: 6379
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
- name: Set Redis up
  django_ansible.deploy.redis_server:
    app_name: mydjango
    database: 17
    password: "{{ vault_redis_password }}"
    clients: [10.0.0.11, 10.0.0.12]
"""

RETURN = r"""
done:
  description: What changed, in words.
  type: list
  returned: success
told:
  description: What people should know of it. The action plugin shows it.
  type: list
  returned: success
restart:
  description: Why the server would have to restart. Nothing was changed.
  type: str
  returned: when O(restart=false) and it would have to
"""

import os
import secrets

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import memory, redis, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, ensure_directory
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.neighbours import RestartNeeded, owner_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.packages import apt_install, missing_packages
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import addresses


def access_of(networks: list[str]) -> str:
    """Who may connect, kept by systemd: neither server has a list of its own."""
    return "\n".join(["# Ansible managed", "[Service]", "IPAddressDeny=any", "IPAddressAllow=localhost", *("IPAddressAllow=%s" % network for network in networks), ""])


class Server:
    """The way from what the host's Redis is to what the application needs."""

    def __init__(self, params: dict, check_mode: bool, may_restart: bool) -> None:
        self.params, self.check_mode, self.may_restart = params, check_mode, may_restart
        self.kind = "valkey" if "valkey-server" in params["packages"] else "redis"
        self.service = self.kind + "-server.service"
        # Root's, where the package's own folder is the server's.
        self.folder = os.path.join("/etc/django-ansible-deploy", self.kind)
        self.users = os.path.join(self.folder, "users")
        self.version = redis.version_of(run([self.kind + "-server", "--version"]))
        self.told: list[str] = []

    def read(self, path: str) -> str:
        return (ManagedFile(path, "").read() or b"").decode()

    def administrators_password(self) -> str:
        """Only root knows it; it is made when it is needed first."""
        file = ManagedFile(os.path.join(self.folder, "password"), "", "0600", secret=True)
        known = (file.read() or b"").decode().strip()
        if not known:
            known = secrets.token_urlsafe(32)
            file.content = (known + "\n").encode()
            if not self.check_mode:
                ensure_directory(os.path.dirname(self.folder))
                ensure_directory(self.folder, 0o750, "root", self.kind)
                file.write()
        return known

    def wanted(self) -> None:
        """What every file should be."""
        params, app_name = self.params, self.params["app_name"]
        own, self.former_file = os.path.join(self.folder, "server.conf"), "/etc/%s/django-ansible-deploy.conf" % self.kind
        self.before = self.read(own) or self.read(self.former_file)
        names = os.listdir(self.users) if os.path.isdir(self.users) else []
        others = {name[: -len(".conf")]: self.read(os.path.join(self.users, name)) for name in names if name.endswith(".conf")}
        redis.refuse_taken(app_name, params["database"], others)
        owner = owner_of(self.before, app_name, set(others))
        self.settings = redis.settings_of(self.before, owner, params, memory.of_host())
        former = redis.former_user(self.before)
        # The release that serves still comes in as it always did; the next deploy finds one that does not.
        self.default = former.split(" ", 2)[2].split() if former and app_name not in others else ["off"]
        if former and app_name not in others:
            self.told.append(
                "the application has a user and a database of its own (%d) in Redis from now on; what it has in database 0 stays there, and redis_server_database: 0 goes on "
                "using that" % params["database"]
            )
        self.password = self.administrators_password()
        self.words = redis.rights(self.version, params["password"], params["database"], params["former_password"])
        manager = redis.administrator(self.version, self.password)
        lines = ["user default %s" % " ".join(self.default), "user %s %s" % (redis.ADMINISTRATOR, " ".join(manager))]
        includes = [os.path.join(self.users, name + ".conf") for name in sorted({*others, app_name})]
        main = "/etc/%s/%s.conf" % (self.kind, self.kind)
        known, line = self.read(main).replace("# Ansible managed\ninclude %s\n" % self.former_file, ""), "include %s\n" % own
        dropins = "/etc/systemd/system/%s.d" % self.service
        self.user_file = ManagedFile(os.path.join(self.users, app_name + ".conf"), redis.user_file(app_name, self.words), "0640", "root", self.kind, secret=True)
        self.own_file = ManagedFile(own, redis.server_file(owner, self.settings, lines, includes), "0640", "root", self.kind, secret=True)
        self.restarting = [
            ManagedFile(main, known if line in known else known.rstrip("\n") + "\n# Ansible managed\n" + line, "0640", self.kind, self.kind),
            ManagedFile(os.path.join(dropins, "django-ansible-deploy.conf"), access_of([])),
        ]
        clients = ManagedFile(os.path.join(dropins, "django-ansible-deploy-%s.conf" % app_name), access_of(addresses(params["clients"])))
        if params["clients"] or clients.read() is not None:
            self.restarting.append(clients)

    def provide(self) -> dict:
        self.wanted()
        files = [self.user_file, self.own_file, *self.restarting]
        different = [file for file in files if file.differs()]
        active = systemd.is_active(self.service)
        done = [file.path for file in different] + ([] if active and systemd.is_enabled(self.service) else [self.service])
        diff = [file.diff() for file in different]
        if done and not self.check_mode:
            reasons = self.reasons(different)
            if active and reasons and not self.may_restart:
                raise RestartNeeded("Redis restarts now, since these change: %s" % ", ".join(reasons))
            ensure_directory(self.users, 0o750, "root", self.kind)
            ensure_directory(os.path.dirname(self.restarting[1].path))
            for file in different:
                file.write()
            if os.path.lexists(self.former_file):
                os.unlink(self.former_file)
            self.apply(active, reasons)
        return {"changed": bool(done), "done": done, "diff": diff, "told": self.told}

    def reasons(self, different: list[ManagedFile]) -> list[str]:
        """Why a server that runs has to restart to have what is wanted."""
        try:
            with redis.Client(self.params["port"], self.password):
                unknown = []
        except (CommandFailed, OSError):
            unknown = ["its users"]
        return redis.restarts(redis.parse(self.before), self.settings) + unknown + [file.path for file in self.restarting if file in different]

    def apply(self, active: bool, reasons: list[str]) -> None:
        if any(file.path.startswith("/etc/systemd/") for file in self.restarting):
            systemd.systemctl("daemon-reload")
        systemd.systemctl("enable", "--quiet", self.service)
        if not active or reasons:
            systemd.systemctl("restart", self.service)
            return
        with redis.Client(self.params["port"], self.password) as client:
            known = redis.parse(self.before)
            for name, value in self.settings.items():
                if known.get(name) != value:
                    client.ask("CONFIG", "SET", name, value.strip('"'))
            client.ask("ACL", "SETUSER", "default", "reset", *self.default)
            client.ask("ACL", "SETUSER", self.params["app_name"], "reset", *self.words)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "password": {"type": "str", "required": True, "no_log": True},
            "former_password": {"type": "str", "default": "", "no_log": True},
            "database": {"type": "int", "required": True},
            "packages": {"type": "list", "elements": "str", "default": ["redis-server"]},
            "port": {"type": "int", "default": 6379},
            "clients": {"type": "list", "elements": "str", "default": []},
            "alone": {"type": "bool", "default": True},
            "settings": {"type": "dict", "default": {}},
            "restart": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    try:
        missing = missing_packages(module.params["packages"])
        if missing and module.check_mode:
            module.exit_json(changed=True, done=["packages %s" % ", ".join(missing)])
        if missing:
            apt_install(missing)
        # One that was only just installed serves nobody yet.
        result = Server(module.params, module.check_mode, module.params["restart"] or bool(missing)).provide()
    except RestartNeeded as needed:
        module.exit_json(changed=False, done=[], restart=str(needed))
    except (CommandFailed, OSError) as error:
        module.fail_json(msg="Redis on this host: %s" % error)
    module.exit_json(**{**result, "changed": bool(missing) or result["changed"], "done": missing + result["done"]})


if __name__ == "__main__":
    main()
