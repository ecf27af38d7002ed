#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_up
short_description: Start a compose project and wait until it is healthy
description:
  - Puts the compose file in place when O(content) is given and differs, runs C(compose up), and waits until each container is healthy; one without a health check
    must still run after O(settle_seconds), one that ends by itself must end with 0.
  - It is changed when the file changed, or a container was created, replaced, started or removed. Ids tell, never the output of compose.
  - A failure shows the last log lines of the containers that failed.
options:
  file:
    description: The compose file on the host, an absolute path. The folder that holds it is the project's.
    type: path
    default: /root/compose.yml
  content:
    description: Content for O(file). A new file gets mode 0600, one that is there keeps its mode and owner.
    type: str
  env:
    description: Values for the placeholders of the compose file, a mapping as JSON text.
    type: str
    default: "{}"
  project:
    description: RV(django_ansible.deploy.compose_reach#module:project). Without it the compose file is read again.
    type: dict
  outdated:
    description: RV(django_ansible.deploy.compose_reach#module:outdated), with which check mode knows what a pull would have changed.
    type: list
    elements: str
    default: []
  images:
    description: RV(django_ansible.deploy.compose_pull#module:images), with which an image is recorded as its registry knows it.
    type: dict
    default: {}
  remove_orphans:
    description: Remove containers of services that the compose file no longer has.
    type: bool
    default: true
  wait_timeout:
    description: Seconds until every container must be healthy.
    type: int
    default: 300
  settle_seconds:
    description: Seconds that a container without a health check must keep running after it was started.
    type: int
    default: 3
  log_lines:
    description: How many log lines of a failed container are shown.
    type: int
    default: 20
attributes:
  check_mode:
    description: Tells by configuration hashes and images what would be replaced. Containers that compose would replace only because another one is are not told.
    support: full
  diff_mode:
    description: A line for each service that changes, and one for the file.
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Start the project
  django_ansible.deploy.compose_up:
    file: /root/compose.yml
    env: "{{ {'TAG': '1.4.2'} | to_json }}"
"""

RETURN = r"""
changes:
  description: What happened to each service that changed, one of V(created), V(replaced), V(scaled), V(started), V(removed).
  returned: always
  type: dict
deploy:
  description: The digests that run now by service under C(images), those that ran before under C(previous_images), warnings under C(warnings).
  returned: always
  type: dict
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_project import (
    COMMON_ARGUMENTS,
    Project,
    changes,
    describe,
    digest_of,
    health_output,
    interrupted,
    judge,
    last_lines,
    predict,
    reason_of,
    snapshot,
)
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_registry import sweep_folders


class Up:
    def __init__(self, module):
        self.module = module
        self.params = module.params
        self.project = Project(self.params["file"], self.params["content"], self.params["env"])
        self.engine = self.project.engine
        self.result = {"changed": False, "changes": {}, "deploy": {"images": {}, "previous_images": {}, "warnings": []}}
        self.images = {}

    def run(self):
        self.project.require_file()
        config = self.params["project"] or self.project.config()[0]
        self.name, self.services = config["name"], config["services"]
        before = snapshot(self.engine.containers(self.name))
        self.result["deploy"]["previous_images"] = self.digests(before)
        file_differs = self.project.content_differs()
        if self.module.check_mode:
            self.predict(before, file_differs)
            return
        sweep_folders()
        if file_differs:
            self.project.place_content()
            self.record(before, before, True)
        failure = None
        try:
            self.start(before)
        except ComposeError as error:
            failure = error
        self.record(before, snapshot(self.engine.containers(self.name)), file_differs)
        if failure:
            raise failure

    def record(self, before, after, file_differs, changed=None, conditional=False):
        changed = changes(before, after) if changed is None else changed
        file_line = f"{self.params['file']}: {'would be ' if conditional else ''}written\n" if file_differs else ""
        self.result.update(changed=bool(changed) or file_differs, changes=changed, diff={"prepared": file_line + describe(changed, conditional)})
        self.result["deploy"]["images"] = self.digests(after, self.params["images"])

    def digests(self, containers, pulled=None):
        """Digest by service of what these containers run; what was just pulled goes by the digest it was pulled with."""
        result = {}
        for entry in sorted(containers.values(), key=lambda entry: entry["name"]):
            service, identifier = entry["service"], entry["image"]
            if identifier not in self.images:
                self.images[identifier] = self.engine.image(identifier)
            image = self.images[identifier]
            prefer = str((pulled or {}).get(service) or "").partition("@")[2]
            result.setdefault(service, digest_of(image, self.services.get(service, {}).get("image", ""), prefer) or identifier)
        return dict(sorted(result.items()))

    def predict(self, before, file_differs):
        images = {name: (self.engine.image(service["image"]) or {}).get("Id", "") for name, service in self.services.items() if service["image"]}
        outdated = set(self.params["outdated"])
        for identifier, entry in before.items():
            if not entry["running"]:
                container = self.engine.container(identifier)
                entry["done"] = bool(container) and judge(container, False, True)[0] == "ready"
        changed = predict(before, self.services, self.project.hashes(), images, outdated, self.params["remove_orphans"])
        self.record(before, before, file_differs, changed, conditional=True)
        running = self.result["deploy"]["images"]
        for service, what in changed.items():
            if what == "removed":
                running.pop(service, None)
            elif self.params["images"].get(service):
                running[service] = self.params["images"][service]

    def start(self, before):
        deadline = time.monotonic() + self.params["wait_timeout"]
        arguments = ["up", "--detach"]
        if self.params["remove_orphans"]:
            arguments.append("--remove-orphans")
        if not any(service["build"] for service in self.services.values()):
            # What was pulled is what is started: a tag that moved since, or `pull_policy: always`, must not bring another image in between.
            arguments += ["--pull", "never"]
        for identifier in interrupted(before):
            self.engine.remove_container(identifier)
        # From here on the file is on the host; compose notes its path on the containers.
        code, out, err = self.project.compose(*arguments, timeout=self.params["wait_timeout"], from_content=False)
        if code == 0:
            return self.wait(before, deadline)
        verdicts = [(container, *judge(container, True, True)) for container in self.inspect()]
        failed = [(container, why) for container, verdict, why in verdicts if verdict == "failed"]
        if code is None:
            raise self.late(failed + [(container, why) for container, verdict, why in verdicts if verdict == "waiting"])
        reason = reason_of(err or out)
        if any(container["State"].get("Error") and container["State"]["Error"] in reason for container, _why in failed):
            reason = ""
        raise self.failure(f"compose could not start the project {self.name}" + (f": {reason}" if reason else ""), failed)

    def wait(self, before, deadline):
        """Ask the engine until each container is ready. `up --wait` would add half a second to every run and takes a one-off that ended well for a failure."""
        first_seen, first_restarts = {}, {}
        while True:
            verdicts = []
            for container in self.inspect():
                identifier, restarts = container["Id"], container.get("RestartCount") or 0
                since = first_seen.setdefault((identifier, container["State"].get("StartedAt")), time.monotonic())
                fresh = not before.get(identifier, {}).get("running")
                restarts -= first_restarts.setdefault(identifier, 0 if fresh else restarts)
                verdicts.append((container, *judge(container, fresh, time.monotonic() - since >= self.params["settle_seconds"], restarts)))
            failed = [(container, why) for container, verdict, why in verdicts if verdict == "failed"]
            waiting = [(container, why) for container, verdict, why in verdicts if verdict == "waiting"]
            if failed:
                raise self.failure("", failed)
            if not waiting:
                return
            if time.monotonic() >= deadline:
                raise self.late(waiting)
            time.sleep(0.25)

    def late(self, containers):
        seconds = self.params["wait_timeout"]
        return self.failure(f"the project {self.name} was not ready within {seconds} seconds (raise compose_app_wait_timeout if it needs longer)", containers)

    def inspect(self):
        """The containers of the file's services in full; orphans that were left on purpose are nobody's concern."""
        listed = self.engine.containers(self.name)
        full = (self.engine.container(entry["Id"]) for entry in listed if (entry.get("Labels") or {}).get("com.docker.compose.service") in self.services)
        return [container for container in full if container]

    def failure(self, reason, containers):
        """The sentence, and for each container that is to blame what its health check and its log say last."""
        services = [
            f"service {(container['Config'].get('Labels') or {}).get('com.docker.compose.service', '?')} ({container['Name'].lstrip('/')}) {why}"
            for container, why in containers
        ]
        sentence = ": ".join(part for part in (reason, "; ".join(services)) if part)
        parts = [sentence[:1].upper() + sentence[1:]]
        for container, _why in containers[:3]:
            name = container["Name"].lstrip("/")
            health = health_output(container)
            if health:
                parts.append(f"The health check of {name} says: {last_lines(health, 5)}")
            log = last_lines(self.engine.logs(container["Id"], self.params["log_lines"]), self.params["log_lines"])
            parts.append(f"The last log lines of {name}:\n{log}" if log else f"{name} has logged nothing.")
        return ComposeError("\n".join(parts))


def main():
    module = AnsibleModule(
        argument_spec=dict(
            **COMMON_ARGUMENTS,
            project={"type": "dict"},
            outdated={"type": "list", "elements": "str", "default": []},
            images={"type": "dict", "default": {}},
            remove_orphans={"type": "bool", "default": True},
            wait_timeout={"type": "int", "default": 300},
            settle_seconds={"type": "int", "default": 3},
            log_lines={"type": "int", "default": 20},
        ),
        supports_check_mode=True,
    )
    up = None
    try:
        up = Up(module)
        up.run()
    except ComposeError as error:
        module.fail_json(msg=up.project.mask(to_native(error)) if up else to_native(error), **(up.result if up else {}))
    module.exit_json(**up.result)


if __name__ == "__main__":
    main()
