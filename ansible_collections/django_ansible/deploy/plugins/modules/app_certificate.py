#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_certificate
short_description: Gets an application's certificate from an ACME authority and has the host renew it
description:
  - V(prepared) writes the configuration, the program that renews and its units, and a self-signed certificate when there is none, so that nginx starts.
  - V(issued) starts the timer, and has the host ask for the certificate, or fetch it from the host that asks. When that fails, a warning says why,
    what is in place stays, and the timer tries again.
  - V(absent) ends the renewal. The certificate, its key and the account's key stay.
options:
  app_name:
    description: Internal name of the application; the certificate is below C(/etc/<app_name>/certificate).
    type: str
    required: true
  state:
    description: What is wanted.
    type: str
    choices: [prepared, issued, absent]
    required: true
  names:
    description: DNS names, the first one the certificate's subject.
    type: list
    elements: str
    default: []
  directory:
    description: The authority. Let's Encrypt's V(production) or V(staging) directory, or the URL of another one.
    type: str
    default: production
  email:
    description: Where the authority writes to. Empty gives none.
    type: str
    default: ''
  ca:
    description: CA bundle on the host that vouches for the authority's own server, for a private authority.
    type: str
    default: ''
  webroot:
    description: Folder from which nginx answers the authority's challenges.
    type: path
    required: true
  issuer:
    description: Address of the host that asks for the certificate. Empty when this host does.
    type: str
    default: ''
  issuer_identity:
    description: That host's RV(identity).
    type: str
    default: ''
  peers:
    description: RV(identity) of each host that fetches the certificate, by name. Those of hosts that are not named here are kept.
    type: dict
    default: {}
  fleet:
    description: Names of all hosts that may fetch it; others lose that.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode, and then says what it would change.
    support: full
author:
  - The django-ansible-deploy authors (@org)
"""

EXAMPLES = r"""
- name: Prepare the certificate
  django_ansible.deploy.app_certificate:
    app_name: mydjango
    state: prepared
    names: [www.example.com]
    webroot: /var/lib/mydjango-acme
"""

RETURN = r"""
identity:
  description: Certificate of this host's own key, PEM, with V(prepared). It is no secret.
  type: str
  returned: success
due:
  description: Whether V(issued) has something to do, with V(prepared).
  type: bool
  returned: success
deploy:
  description: Warnings, for the events file.
  type: dict
  returned: success
"""

import inspect
import json
import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import certificate, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.certificate import Certificate, CertificateError
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, ensure_directory
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.module import AnsibleModule

PROGRAM = "/usr/local/lib/django-ansible-deploy/certificate.py"
SERVICE = """# Ansible managed
[Unit]
Description=%(app_name)s, its certificate
After=network-online.target nginx.service
Wants=network-online.target

[Service]
Type=oneshot
ExecStart=/usr/bin/python3 %(program)s %(config)s
NoNewPrivileges=true
PrivateDevices=true
PrivateTmp=true
ProtectHome=read-only
ProtectKernelModules=true
ProtectKernelTunables=true
ProtectSystem=full
ReadWritePaths=/etc/%(app_name)s
"""
TIMER = """# Ansible managed
[Unit]
Description=%(app_name)s, its certificate

[Timer]
OnCalendar=*-*-* 00,12:00:00
RandomizedDelaySec=6h
Persistent=true

[Install]
WantedBy=timers.target
"""


def units(app_name: str) -> list[str]:
    return ["%s-certificate.service" % app_name, "%s-certificate.timer" % app_name]


def files_of(params: dict, config_path: str, folder: str) -> list[ManagedFile]:
    config = {key: params[key] for key in ("app_name", "names", "email", "ca", "webroot", "issuer")}
    config.update(folder=folder, directory=certificate.DIRECTORIES.get(params["directory"], params["directory"]))
    words = {"app_name": params["app_name"], "program": PROGRAM, "config": config_path}
    service, timer = (os.path.join("/etc/systemd/system", unit) for unit in units(params["app_name"]))
    return [
        ManagedFile(config_path, json.dumps(config, indent=2, sort_keys=True) + "\n"),
        ManagedFile(PROGRAM, inspect.getsource(certificate)),
        ManagedFile(service, SERVICE % words),
        ManagedFile(timer, TIMER % words),
    ]


def prepare(module: AnsibleModule) -> dict:
    params = module.params
    folder = os.path.join("/etc", params["app_name"], "certificate")
    files = files_of(params, os.path.join(folder, "config.json"), folder)
    made = Certificate(json.loads(files[0].content))
    different = [file for file in files if file.differs()]
    todo = [file.path for file in different] + [path for path in (made.path, made.identity) if not os.path.exists(path)]
    due = bool(todo) or not made.serves() or not systemd.is_enabled(units(params["app_name"])[1])
    if not module.check_mode:
        for path, mode in ((os.path.dirname(PROGRAM), 0o755), (os.path.dirname(folder), 0o755), (folder, 0o700), (params["webroot"], 0o755)):
            ensure_directory(path, mode)
        for file in different:
            ensure_directory(os.path.dirname(file.path), 0o700 if file.path.startswith(folder) else 0o755)
            file.write()
        if different:
            systemd.systemctl("daemon-reload")
        if not os.path.exists(made.path):
            made.sign_self()
        if not os.path.exists(made.identity):
            made.make_identity()
    return {"changed": bool(todo), "due": due, "identity": certificate.read(made.identity).decode()}


def issue(module: AnsibleModule) -> dict:
    params = module.params
    folder = os.path.join("/etc", params["app_name"], "certificate")
    made = Certificate(json.loads(files_of(params, os.path.join(folder, "config.json"), folder)[0].content))
    service, timer = units(params["app_name"])
    if module.check_mode:
        return {"changed": not made.serves(), "deploy": {}}
    before = certificate.read(made.path)
    keep_identities(made, params)
    if not systemd.is_enabled(timer) or not systemd.is_active(timer):
        systemd.systemctl("enable", "--now", "--quiet", timer)
    warnings = []
    started = time.time()
    try:
        systemd.systemctl("start", service, timeout=900)
    except CommandFailed:
        said = systemd.log_since(service, started).splitlines()
        reason = next((line for line in said if "no new certificate" in line), " ".join(said[-3:]))
        now = "nginx serves a self-signed one until then" if made.about().get("self_signed", True) else "the one in place stays"
        warnings = ["%s has no new certificate, %s; it tries again twice a day and in each deploy: %s" % (", ".join(params["names"]), now, reason.partition("stays: ")[2] or reason)]
    return {"changed": certificate.read(made.path) != before, "deploy": {"warnings": warnings} if warnings else {}}


def keep_identities(made: Certificate, params: dict) -> None:
    if params["issuer_identity"]:
        certificate.put(made.issuer_identity, params["issuer_identity"].encode(), 0o644)
    if params["issuer"]:
        return
    ensure_directory(made.peers, 0o700)
    for name, text in params["peers"].items():
        if text:
            certificate.put(os.path.join(made.peers, name), text.encode(), 0o644)
    for name in set(os.listdir(made.peers)) - set(params["fleet"]):
        os.unlink(os.path.join(made.peers, name))


def end(module: AnsibleModule) -> dict:
    left = [unit for unit in units(module.params["app_name"]) if os.path.exists(os.path.join("/etc/systemd/system", unit))]
    if left and not module.check_mode:
        systemd.systemctl("disable", "--now", "--quiet", units(module.params["app_name"])[1])
        for unit in left:
            os.unlink(os.path.join("/etc/systemd/system", unit))
        systemd.systemctl("daemon-reload")
    return {"changed": bool(left)}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "app_name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["prepared", "issued", "absent"], "required": True},
            "names": {"type": "list", "elements": "str", "default": []},
            "directory": {"type": "str", "default": "production"},
            "email": {"type": "str", "default": ""},
            "ca": {"type": "str", "default": ""},
            "webroot": {"type": "path", "required": True},
            "issuer": {"type": "str", "default": ""},
            "issuer_identity": {"type": "str", "default": ""},
            "peers": {"type": "dict", "default": {}},
            "fleet": {"type": "list", "elements": "str", "default": []},
        },
        supports_check_mode=True,
    )
    try:
        result = {"prepared": prepare, "issued": issue, "absent": end}[module.params["state"]](module)
    except (CommandFailed, CertificateError) as error:
        module.fail_json(msg="the certificate of %s: %s" % (module.params["app_name"], error))
    for warning in result.get("deploy", {}).get("warnings", []):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
