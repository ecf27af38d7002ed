#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_activate
short_description: Starts a prepared release in the free slot and switches to it once it answers
description:
  - Writes the units and the slot's environment file, starts the free slot, asks it over its own socket, and then moves the link that
    nginx connects to by one C(rename(2)). Asks once more through nginx.
  - When anything of this fails, files, links and units are put back as they were and the failure shows the application's last log lines.
  - The slot that served before keeps running and is remembered, until M(django_ansible.deploy.app_finish) stops it or
    M(django_ansible.deploy.app_return) goes back to it.
  - When the live slot already runs this release with this environment and these files, nothing is done.
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
options:
  release:
    description: Name of a release that is prepared.
    type: str
    required: true
  web:
    description: Whether the host serves requests. One that does not only runs O(processes) and O(timers).
    type: bool
    default: true
  files:
    description:
      - Files of the host that belong to the application, each with C(path), C(content) and C(kind), which says what reads it.
      - V(unit) is read by systemd and V(gunicorn) by the application's processes, so a difference restarts into the free slot;
        V(nginx) is read by nginx, V(plain) by nobody who has to be told.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path.
        type: path
        required: true
      content:
        description: What the file holds.
        type: str
        required: true
      kind:
        description: What reads it.
        type: str
        choices: [unit, gunicorn, nginx, plain]
        default: plain
      mode:
        description: Its permissions, in octal digits.
        type: str
        default: "0644"
  nginx_link:
    description: Link that makes nginx read its file, and what it points to, as C(link) and C(target).
    type: dict
    default: {}
  refuse_unknown_names:
    description:
      - Ports on which nginx is to refuse requests for a name that no site of the host has. It stays as it is where another site answers for
        them; the site that Debian's package brings does not count as long as nobody has changed it, and is switched off.
    type: list
    elements: int
    default: []
  strategy:
    description:
      - V(slots) starts the release beside the live one. V(restart) tries it beside the live one with a single worker, stops it, and restarts the
        live slot with it, for hosts without memory for two instances; requests wait at the socket meanwhile.
    type: str
    choices: [slots, restart]
    default: slots
  server_names:
    description: Names that no other site of nginx may have.
    type: list
    elements: str
    default: []
  paths:
    description: Links for people, such as C(src) and C(venv), as a mapping of path to target. A folder in their place is moved aside.
    type: dict
    default: {}
  processes:
    description:
      - Long-running commands of the application on this host. They start when nginx passes requests on to the release, and have to stay up; those of
        the release before are told to stop then and end the jobs they have.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Names its units, C(<app_name>-<name>-<slot>@<number>.service).
        type: str
        required: true
      command:
        description: What it runs, a program of the virtual environment or a C(*.py). Without a shell.
        type: str
        required: true
      count:
        description: How many of it run on this host.
        type: int
        default: 1
      once:
        description: Whether no other host may run it. It is stopped before its successor starts.
        type: bool
        default: false
      stop_signal:
        description: Signal that has it end its jobs.
        type: str
        default: SIGTERM
      patience:
        description: Seconds it gets for that.
        type: int
        default: 60
      environment:
        description: Variables of its own, one JSON object of strings. They win over O(environment).
        type: str
        default: '{}'
  timers:
    description: Periodic commands of the application on this host, run by systemd. They start in M(django_ansible.deploy.app_finish).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Names its units, C(<app_name>-<name>.timer) and C(.service).
        type: str
        required: true
      command:
        description: What it runs, as that of a process.
        type: str
        required: true
      schedule:
        description: When, as systemd's C(OnCalendar=) reads it.
        type: list
        elements: str
        required: true
      once:
        description: As of a process.
        type: bool
        default: true
      timeout:
        description: Seconds after which a run is ended. 0 means never.
        type: int
        default: 0
      environment:
        description: As of a process.
        type: str
        default: '{}'
  process_templates:
    description: Texts of their units, C(process), C(job) and C(timer), in which C(@name@) and so on stand for what differs.
    type: dict
    default: {}
  process_settle:
    description: How long a process has to stay up after its start, in seconds.
    type: int
    default: 5
  health_path:
    description: Path that is asked.
    type: str
    default: /
  health_host:
    description: Host that the request names.
    type: str
    default: localhost
  health_statuses:
    description: Statuses that are healthy; empty means 200 to 399.
    type: list
    elements: int
    default: []
  health_checks:
    description: Further requests that have to be answered, each with C(path) and, where they differ, C(host), C(statuses) and C(headers).
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: As O(health_path).
        type: str
        required: true
      host:
        description: Host that the request names. By default O(health_host).
        type: str
        default: ''
      statuses:
        description: As O(health_statuses).
        type: list
        elements: int
        default: []
      headers:
        description: Headers that the request has besides.
        type: dict
        default: {}
  health_timeout:
    description: How long a start may take until it answers, in seconds.
    type: int
    default: 60
  url:
    description: Where the site answers, for the report.
    type: str
  look:
    description: Only tell what is pending, so that a fleet on which nothing is can be told all at once.
    type: bool
    default: false
  last_step:
    description: Whether nothing follows on this host when nothing has to be done here, so that the deploy lock is given back at once.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Serve the release
  django_ansible.deploy.app_activate:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    release: 20260102T030405Z-0123456
    health_path: /healthz
    health_host: www.example.com
"""

RETURN = r"""
slot:
  description: The slot that is live afterwards.
  type: str
  returned: success
done:
  description: What changed, V(slot) and paths.
  type: list
  returned: success
pending:
  description: What is left to do, likewise; with O(look) alone.
  type: list
  returned: success
deploy:
  description: C(release), C(previous_release), C(revision) and C(url), for the events file.
  type: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils import undo
from ansible_collections.django_ansible.deploy.plugins.module_utils.activation import Activation
from ansible_collections.django_ansible.deploy.plugins.module_utils.application import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.arguments import APPLICATION, LAYOUT, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.lock import Locked

COMMAND = {
    "name": {"type": "str", "required": True},
    "command": {"type": "str", "required": True},
    "environment": {"type": "str", "default": "{}", "no_log": True},
}
PROCESS = {
    **COMMAND,
    "count": {"type": "int", "default": 1},
    "once": {"type": "bool", "default": False},
    "stop_signal": {"type": "str", "default": "SIGTERM"},
    "patience": {"type": "int", "default": 60},
}
TIMER = {
    **COMMAND,
    "schedule": {"type": "list", "elements": "str", "required": True},
    "once": {"type": "bool", "default": True},
    "timeout": {"type": "int", "default": 0},
}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "required": True},
            "web": {"type": "bool", "default": True},
            "files": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "path", "required": True},
                    "content": {"type": "str", "required": True},
                    "kind": {"type": "str", "choices": ["unit", "gunicorn", "nginx", "plain"], "default": "plain"},
                    "mode": {"type": "str", "default": "0644"},
                },
            },
            "nginx_link": {"type": "dict", "default": {}},
            "refuse_unknown_names": {"type": "list", "elements": "int", "default": []},
            "strategy": {"type": "str", "choices": ["slots", "restart"], "default": "slots"},
            "server_names": {"type": "list", "elements": "str", "default": []},
            "paths": {"type": "dict", "default": {}},
            "processes": {"type": "list", "elements": "dict", "default": [], "options": PROCESS},
            "timers": {"type": "list", "elements": "dict", "default": [], "options": TIMER},
            "process_templates": {"type": "dict", "default": {}},
            "process_settle": {"type": "int", "default": 5},
            "health_path": {"type": "str", "default": "/"},
            "health_host": {"type": "str", "default": "localhost"},
            "health_statuses": {"type": "list", "elements": "int", "default": []},
            "health_checks": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "path": {"type": "str", "required": True},
                    "host": {"type": "str", "default": ""},
                    "statuses": {"type": "list", "elements": "int", "default": []},
                    "headers": {"type": "dict", "default": {}},
                },
            },
            "health_timeout": {"type": "int", "default": 60},
            "url": {"type": "str"},
            "look": {"type": "bool", "default": False},
            "last_step": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    lock = lock_of(module.params, module.check_mode)
    try:
        with lock.step():
            result = activate(module)
            if not result["changed"] and not result["pending"] and module.params["last_step"]:
                lock.release()
    except (CommandFailed, Locked) as error:
        layout = layout_of(module.params)
        served = layout.live_release()
        told = {"release": served, "previous_release": served, "revision": layout.read_release(served).get("revision") if served else None}
        try:
            # One that serves is not what is wrong with its new environment or files.
            if isinstance(error, CommandFailed) and module.params["release"] != served:
                layout.mark_release(module.params["release"], bad=True)
            layout.record(release=module.params["release"], result="failed", run=module.params["run_id"], actor=module.params["actor"])
        except OSError:
            pass  # What failed is told below; a disk that is full must not hide it.
        module.fail_json(msg=str(error), deploy={"kept": True, **{key: value for key, value in told.items() if value}})
    module.exit_json(**result)


def activate(module: AnsibleModule) -> dict:
    activation = Activation(module.params)
    pending = activation.pending()
    diff = [file.diff() for _, file in activation.different]
    layout = activation.layout
    revision = layout.read_release(activation.release).get("revision")
    previous = activation.previous_release
    left: list[str] = []
    if module.params["look"]:
        pending, left = left, pending
    elif pending and not module.check_mode:
        activation.run(pending)
    elif not module.check_mode:
        # When the connection broke, Ansible asks again: what this run did here before is still its change.
        before = undo.recall(layout.app_name) or {}
        if before.get("run") == module.params["run_id"] and before.get("release") == activation.release:
            pending, previous = before["done"], before["previous_release"]
    return {
        "changed": bool(pending),
        "done": pending,
        "pending": left,
        "slot": activation.slot,
        "diff": diff,
        "deploy": {"release": activation.release, "previous_release": previous, "revision": revision, "url": module.params["url"]},
    }


if __name__ == "__main__":
    main()
