# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""A stack of an existing Swarm: what its services are, what becomes of them, and the engine's own way back."""

from __future__ import annotations

import json
import os
import shutil
import time
from urllib.parse import quote

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.command import COMMAND_FOLDERS, last_lines, reason_of, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import describe
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.images import Images
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.placing import Before
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.registry import private_config, sweep_folders
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import free_mib

NAMESPACE = "com.docker.stack.namespace"
PAUSE = 0.5


class NotConverged(ComposeError):
    """A deploy that did not come to its end; *kept* says whether every service runs again what it ran before."""

    def __init__(self, message, kept, images):
        super().__init__(message)
        self.kept = kept
        self.images = images


def require_manager(engine):
    swarm = engine.info().get("Swarm") or {}
    if swarm.get("LocalNodeState") != "active":
        raise ComposeError("This host is in no Swarm: make one with `docker swarm init` and `docker swarm join`, or leave compose_app_engine out.")
    if not swarm.get("ControlAvailable"):
        raise ComposeError("This host is a worker of its Swarm, and only a manager takes a stack: name a manager in hosts as well.")


class Stack:
    """*params* has ``files``, ``sources``, ``env_file``, ``name``, ``prune`` and ``wait_timeout`` (seconds)."""

    def __init__(self, compose, params, values, registries):
        self.compose, self.engine, self.params = compose, compose.engine, params
        self.files, self.registries = params["files"], registries
        self.folder = os.path.dirname(self.files[0])
        self.name = params["name"] or os.path.basename(self.folder) or "root"
        self.managed = Managed.given(params["sources"], self.folder, params["env_file"], values)

    # What is there.

    def services(self):
        filters = json.dumps({"label": [f"{NAMESPACE}={self.name}"]})
        return {self.short(service): service for service in self.engine.ask("/services?filters=" + quote(filters, safe=""))}

    def short(self, service):
        return service["Spec"]["Name"].removeprefix(self.name + "_")

    def tasks(self):
        filters = json.dumps({"label": [f"{NAMESPACE}={self.name}"]})
        return self.engine.ask("/tasks?filters=" + quote(filters, safe=""))

    def images(self, services=None):
        return {name: image_of(service) for name, service in sorted((services or self.services()).items())}

    def status(self, lock):
        nodes = {node["ID"]: node["Description"]["Hostname"] for node in self.engine.ask("/nodes")}
        by_id = {service["ID"]: name for name, service in self.services().items()}
        found = []
        for task in self.tasks():
            if task.get("DesiredState") != "running" or task["ServiceID"] not in by_id:
                continue
            name, _at, digest = (task["Spec"]["ContainerSpec"]["Image"]).partition("@")
            found.append({
                "service": by_id[task["ServiceID"]], "container": f"{by_id[task['ServiceID']]} on {nodes.get(task.get('NodeID'), 'no node yet')}", "image": name, "digest": digest,
                "since": (task["Status"].get("Timestamp") or "")[:19] + "Z", "health": task["Status"].get("State", ""),
            })
        found.sort(key=lambda entry: entry["container"])
        return {
            "release": None, "revision": None, "since": None, "slot": None, "services": found, "units": {entry["container"]: entry["health"] for entry in found},
            "free_mib": free_mib(self.engine.info().get("DockerRootDir") or "/"), "lock": lock, "releases": [],
        }

    # What is done.

    def predict(self):
        """By the files alone: which are to be written, and which services come or go."""
        names = set(self.config()["services"]) if not self.managed.differing() else set()
        before = set(self.services())
        changed = {name: "created" for name in names - before}
        lines = "".join(f"{path}: would be written\n" for path in self.managed.differing())
        return {"changed": bool(changed or lines), "changes": changed, "diff": {"prepared": lines + describe(changed, True)}, "deploy": {"images": self.images()}}

    def config(self):
        """Resolved by compose where it is there, since `docker stack` fills placeholders and reads no `.env`."""
        code, out, err = self.compose.call(["config", "--format", "json"], files=self.files, folder=self.folder, timeout=60)
        if code != 0:
            raise ComposeError(f"The compose file {self.files[0]} is not valid: {reason_of(err, 6) or 'compose gives no reason'}")
        return for_stack(json.loads(out))

    def deploy(self):
        written = self.managed.differing()
        before = Before.of([self.managed.place_of(path) for path in written])
        self.managed.place(Managed())
        try:
            config = self.config()
            images = Images(self.compose, {name: {"image": service.get("image") or "", "build": False, "pull_policy": "", "platform": ""} for name, service in config["services"].items()}, self.registries)
            images.survey()
            images.refuse_unpullable()
        except BaseException:
            before.restore()
            raise
        services = self.services()
        try:
            self.stack_deploy(config, images)
            self.converge()
        except ComposeError as error:
            before.restore()
            raise self.went_back(error, services) from error
        after = self.services()
        changed = changes(services, after)
        return {
            "changed": bool(changed or written),
            "changes": changed,
            "diff": {"prepared": "".join(f"{path}: written\n" for path in written) + describe(changed)},
            "deploy": {"images": self.images(after), "previous_images": self.images(services) if services else {}},
        }

    def stack_deploy(self, config, images):
        docker = shutil.which("docker", path=os.pathsep.join((os.environ.get("PATH", ""), *COMMAND_FOLDERS)))
        if not docker:
            raise ComposeError("There is no docker command on this host, and `docker stack` is part of it: install docker-cli.")
        sweep_folders()
        with private_config(images.logged_in()) as folder:
            path = os.path.join(folder, "stack.json")
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(config, file)
            argv = [docker, "stack", "deploy", "--compose-file", path, "--detach=true", "--with-registry-auth", "--resolve-image", "always", *(["--prune"] if self.params["prune"] else []), self.name]
            code, out, err = run(argv, {**self.compose.environ, "DOCKER_CONFIG": folder}, timeout=self.params["wait_timeout"])
        if code != 0:
            raise ComposeError(f"docker stack deploy {'did not end in time' if code is None else 'failed'}: {last_lines(err or out, 5)}")

    def converge(self):
        """Waits until each service has as many running tasks of its newest specification as it wants.

        :raises ComposeError: with the words of the tasks that do not.
        """
        deadline = time.monotonic() + self.params["wait_timeout"]
        while True:
            services, tasks = self.services(), self.tasks()
            waiting = {}
            for name, service in services.items():
                state = (service.get("UpdateStatus") or {}).get("State", "")
                if state in ("paused", "rollback_started", "rollback_paused", "rollback_completed"):
                    raise ComposeError(f"Service {name}: {(service['UpdateStatus'].get('Message') or state)}{self.last_error(service, tasks)}")
                wanted, running = wanted_tasks(service, tasks, len(self.engine.ask('/nodes'))), running_tasks(service, tasks)
                if running < wanted or state == "updating":
                    waiting[name] = f"{running} of {wanted} tasks run{self.last_error(service, tasks)}"
            if not waiting:
                return
            if time.monotonic() > deadline:
                told = "; ".join(f"service {name}: {words}" for name, words in waiting.items())
                raise ComposeError(f"The stack {self.name} has not converged within {self.params['wait_timeout']} seconds (raise compose_app_wait_timeout if it needs longer): {told}")
            time.sleep(PAUSE)

    def last_error(self, service, tasks):
        told = [task["Status"].get("Err") for task in sorted(tasks, key=lambda task: task.get("UpdatedAt", "")) if task["ServiceID"] == service["ID"] and task["Status"].get("Err")]
        return f" ({told[-1]})" if told else ""

    # The way back.

    def went_back(self, error, before):
        try:
            self.restore(before)
            self.converge()
        except ComposeError as trouble:
            return NotConverged(f"{error}\nAnd the stack did not roll back to what it ran before: {trouble}", False, self.images())
        return NotConverged(f"The stack {self.name} runs what it ran before again: {error}", True, self.images())

    def restore(self, before):
        now = self.services()
        for name, service in before.items():
            if name not in now:
                self.engine.ask("/services/create", "POST", service["Spec"])
        for name, service in now.items():
            old = before.get(name)
            if old is None:
                self.engine.ask(f"/services/{service['ID']}", "DELETE")
            elif old["Spec"] != service["Spec"]:
                # The specification of before itself: `rollback=previous` would go one step back from wherever an update has stopped.
                self.engine.ask(f"/services/{service['ID']}/update?version={service['Version']['Index']}", "POST", old["Spec"])

    def roll_back(self):
        before = self.services()
        able = {name: service for name, service in before.items() if service.get("PreviousSpec")}
        if not able:
            raise ComposeError(f"There is nothing to roll back to: no service of the stack {self.name} has a former specification.")
        for service in able.values():
            self.engine.ask(f"/services/{service['ID']}/update?version={service['Version']['Index']}&rollback=previous", "POST", service["Spec"])
        deadline = time.monotonic() + self.params["wait_timeout"]
        while time.monotonic() < deadline:
            states = {(service.get("UpdateStatus") or {}).get("State", "") for service in self.services().values()}
            if not states & {"updating", "rollback_started"}:
                break
            time.sleep(PAUSE)
        after = self.services()
        changed = changes(before, after)
        return {"changed": bool(changed), "changes": changed, "deploy": {"images": self.images(after), "previous_images": self.images(before)}}


def for_stack(config):
    """What `docker stack deploy` takes of a resolved project: it knows an older form of some parts."""
    config = {key: value for key, value in config.items() if key in ("services", "networks", "volumes", "configs", "secrets")}
    for service in config["services"].values():
        for key in ("depends_on", "build", "pull_policy", "platform", "profiles", "container_name", "restart"):
            service.pop(key, None)
        for port in service.get("ports") or []:
            if str(port.get("published", "")).isdigit():
                port["published"] = int(port["published"])
            port.pop("host_ip", None)
        for key in ("command", "entrypoint"):
            if service.get(key, "") is None:
                del service[key]
        limits = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
        if "cpus" in limits:
            limits["cpus"] = str(limits["cpus"])
    for kind in ("networks", "volumes", "configs", "secrets"):
        for name, entry in (config.get(kind) or {}).items():
            # The stack names them itself, unless they are from outside.
            if entry and not entry.get("external"):
                entry.pop("name", None)
                if not entry.get("ipam"):
                    entry.pop("ipam", None)
    return {"version": "3.8", **config}


def image_of(service):
    name, at, digest = service["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"].partition("@")
    colon = name.rfind(":")
    return (name[:colon] if at and colon > name.rfind("/") else name) + at + digest


def wanted_tasks(service, tasks, nodes):
    mode = service["Spec"]["Mode"]
    if "Replicated" in mode:
        return mode["Replicated"].get("Replicas", 1)
    return len({task.get("NodeID") for task in tasks if task["ServiceID"] == service["ID"] and task.get("DesiredState") == "running"}) or nodes


def running_tasks(service, tasks):
    """Tasks of the newest specification that run."""
    index = (service["Spec"].get("TaskTemplate") or {}).get("ForceUpdate", 0)
    image = service["Spec"]["TaskTemplate"]["ContainerSpec"]
    return sum(
        1 for task in tasks
        if task["ServiceID"] == service["ID"] and task["Status"].get("State") == "running" and task.get("DesiredState") == "running"
        and task["Spec"].get("ContainerSpec") == image and task["Spec"].get("ForceUpdate", 0) == index
    )


def changes(before, after):
    result = {name: "created" for name in after if name not in before}
    result.update({name: "removed" for name in before if name not in after})
    result.update({name: "replaced" for name in after if name in before and before[name]["Spec"] != after[name]["Spec"]})
    return result
