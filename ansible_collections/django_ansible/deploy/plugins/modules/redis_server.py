#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: redis_server
short_description: Sets this host's Redis or Valkey up for an application
description:
  - A password, a limit of memory by the host's, and access for the application's hosts alone. The server is restarted only when something changed.
  - What is missing is installed. In check mode without a server on the host, nothing else can be told.
extends_documentation_fragment:
  - django_ansible.deploy.server
options:
  password:
    description: Password of the default user. The server's configuration has its hash alone.
    type: str
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
    support: full
  diff_mode:
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Set Redis up
  django_ansible.deploy.redis_server:
    password: "{{ vault_redis_password }}"
    clients: [10.0.0.11, 10.0.0.12]
"""

RETURN = r"""
done:
  description: What changed, in words.
  type: list
  returned: success
"""

import hashlib
import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.system_libraries import apt_install, missing_packages
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, ensure_directory
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import MIB, addresses, memory_of_host


def settings_of(params: dict, memory: int) -> str:
    settings = {
        # "-" before an address: one that the host does not have is no reason to fail.
        "bind": "* -::*" if params["clients"] else "127.0.0.1 -::1",
        "port": params["port"],
        "user": "default on sanitize-payload ~* &* +@all #%s" % hashlib.sha256(params["password"].encode()).hexdigest(),
        # Never by throwing away what a broker was given.
        "maxmemory": "%dmb" % max(memory // (4 if params["alone"] else 8) // MIB, 32),
        "maxmemory-policy": "noeviction",
        **params["settings"],
    }
    return "\n".join(["# Ansible managed", *("%s %s" % entry for entry in sorted(settings.items())), ""])


def access_of(params: dict) -> str:
    """Who may connect, kept by systemd: neither server has a list of its own."""
    return "\n".join(["# Ansible managed", "[Service]", "IPAddressDeny=any", "IPAddressAllow=localhost", *("IPAddressAllow=%s" % network for network in addresses(params["clients"])), ""])


def provide(module: AnsibleModule) -> dict:
    params = module.params
    kind = "valkey" if "valkey-server" in params["packages"] else "redis"
    service = kind + "-server.service"
    folder = os.path.join("/etc", kind)
    main = os.path.join(folder, kind + ".conf")
    own = os.path.join(folder, "django-ansible-deploy.conf")
    with open(main, encoding="utf-8") as file:
        known = file.read()
    line = "include %s\n" % own
    included = known if line in known else known.rstrip("\n") + "\n# Ansible managed\n" + line
    files = [
        ManagedFile(own, settings_of(params, memory_of_host()), "0640", "root", kind, secret=True),
        ManagedFile(main, included, "0640", kind, kind),
        ManagedFile("/etc/systemd/system/%s.d/django-ansible-deploy.conf" % service, access_of(params)),
    ]
    different = [file for file in files if file.differs()]
    done = [file.path for file in different] + ([] if systemd.is_active(service) and systemd.is_enabled(service) else [service])
    diff = [file.diff() for file in different]
    if done and not module.check_mode:
        ensure_directory(os.path.dirname(files[-1].path))
        for file in different:
            file.write()
        systemd.systemctl("daemon-reload")
        systemd.systemctl("enable", "--quiet", service)
        systemd.systemctl("restart", service)
    return {"changed": bool(done), "done": done, "diff": diff}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "password": {"type": "str", "required": True, "no_log": True},
            "packages": {"type": "list", "elements": "str", "default": ["redis-server"]},
            "port": {"type": "int", "default": 6379},
            "clients": {"type": "list", "elements": "str", "default": []},
            "alone": {"type": "bool", "default": True},
            "settings": {"type": "dict", "default": {}},
        },
        supports_check_mode=True,
    )
    try:
        missing = missing_packages(module.params["packages"])
        if missing and module.check_mode:
            module.exit_json(changed=True, done=["packages %s" % ", ".join(missing)])
        if missing:
            apt_install(missing)
        result = provide(module)
    except (CommandFailed, OSError) as error:
        module.fail_json(msg="Redis on this host: %s" % error)
    module.exit_json(**{**result, "changed": bool(missing) or result["changed"], "done": missing + result["done"]})


if __name__ == "__main__":
    main()
