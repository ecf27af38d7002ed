# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What the containers of a project tell: what changed, what would change, and whether each is fit. Values in, values out."""

from __future__ import annotations

import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.registry import split_reference

# The engine waits longer before each restart: so many take half a minute, time enough for a database that an application waits for by dying.
TOO_MANY_RESTARTS = 8


def service_of(container):
    """The service of a container, as the list or an inspection gives it."""
    labels = container.get("Labels") or (container.get("Config") or {}).get("Labels") or {}
    return labels.get("com.docker.compose.service", "")


def snapshot(containers):
    """The containers of a project by id, with what makes them what they are."""
    result = {}
    for container in containers:
        labels = container.get("Labels") or {}
        result[container["Id"]] = {
            "service": labels.get("com.docker.compose.service", ""),
            "name": (container.get("Names") or [""])[0].lstrip("/"),
            "image": container.get("ImageID", ""),
            "image_label": labels.get("com.docker.compose.image") or container.get("ImageID", ""),
            "hash": labels.get("com.docker.compose.config-hash", ""),
            "created": container.get("Created", 0),
            "state": container.get("State", ""),
            "running": container.get("State") in ("running", "restarting", "paused"),
            # Ended well and for good, as a one-off does; `up` runs it again, which is no change. Only check mode asks for it.
            "done": False,
        }
    return result


def interrupted(containers):
    """Containers that a compose made to replace another one and never came to start, because it was killed. Their names are in the way of the next `up`."""
    return [key for key, entry in containers.items() if entry["state"] == "created" and re.match(r"^[0-9a-f]{12}_", entry["name"])]


def changes(before, after):
    """What happened to each service: created, replaced, scaled, started, removed. Only ids and whether something runs count."""
    result = {}
    for service in sorted({entry["service"] for entry in [*before.values(), *after.values()]}):
        old = {key for key, entry in before.items() if entry["service"] == service}
        new = {key for key, entry in after.items() if entry["service"] == service}
        if not old and new:
            result[service] = "created"
        elif old and not new:
            result[service] = "removed"
        elif old != new:
            result[service] = "scaled" if old < new or new < old else "replaced"
        elif any(after[key]["running"] and not before[key]["running"] for key in new):
            result[service] = "started"
    return result


def predict(before, services, hashes, current_images, outdated, remove_orphans):
    """What `up` would do, by the same marks with which compose decides: configuration hash and image of each container."""
    result = {}
    for name, service in services.items():
        mine = [entry for entry in before.values() if entry["service"] == name]
        wanted = current_images.get(name, "")
        if not mine:
            if service["replicas"]:
                result[name] = "created"
        elif any(hashes.get(name) and entry["hash"] != hashes[name] for entry in mine):
            result[name] = "replaced"
        elif name in outdated or any(wanted and wanted not in (entry["image"], entry["image_label"]) for entry in mine):
            result[name] = "replaced"
        elif len(mine) != service["replicas"]:
            result[name] = "scaled" if service["replicas"] else "removed"
        elif not all(entry["running"] or entry["done"] for entry in mine):
            result[name] = "started"
    if remove_orphans:
        for entry in before.values():
            if entry["service"] not in services:
                result[entry["service"]] = "removed"
    return result


def describe(changed, conditional=False):
    """Lines for --diff."""
    word = "would be " if conditional else ""
    return "".join(f"{service}: {word}{what}\n" for service, what in sorted(changed.items()))


def digest_of(image, reference="", prefer=""):
    """How an image is recorded: name@digest as a registry knows it, else the id on this host."""
    if not image:
        return ""
    candidates = sorted(image.get("RepoDigests") or [])
    for wanted in candidates:
        if prefer and wanted.endswith("@" + prefer):
            return wanted
    _registry, repository, _tag, digest = split_reference(reference)
    for wanted in candidates:
        if wanted.partition("@")[0] == repository and (not digest or wanted.endswith("@" + digest)):
            return wanted
    return candidates[0] if candidates else image.get("Id", "")


def judge(container, fresh, settled, restarts=0):
    """One container after `up`: ('ready' | 'waiting' | 'failed', what is the matter). `fresh`: this run started it; `settled`: it has run long
    enough since; `restarts`: how often the engine had to start it again meanwhile."""
    state = container["State"]
    status = state.get("Status", "")
    error = f" ({state['Error']})" if state.get("Error") else ""
    if restarts >= TOO_MANY_RESTARTS:
        return "failed", f"was restarted {restarts} times, the last time it ended with exit code {state.get('ExitCode')}"
    if status == "created" and error:
        return "failed", f"could not be started{error}"
    if status == "exited":
        policy = ((container.get("HostConfig") or {}).get("RestartPolicy") or {}).get("Name") or "no"
        if state.get("ExitCode") == 0:
            return ("ready", "") if policy in ("no", "on-failure") else ("waiting", "stopped by itself")
        return "failed", f"ended with exit code {state.get('ExitCode')}{error or (' (out of memory)' if state.get('OOMKilled') else '')}"
    if status == "dead":
        return "failed", "is dead and cannot be removed by the engine"
    if status != "running":
        return "waiting", {"restarting": "keeps restarting", "created": "was created and not started"}.get(status, f"is {status}") + error
    health = (state.get("Health") or {}).get("Status", "none")
    if health == "unhealthy":
        return "failed", "is unhealthy"
    if health == "starting":
        return "waiting", "is not healthy yet"
    if health == "none" and fresh and not settled:
        return "waiting", "has not run long enough to be trusted"
    return "ready", ""


def health_output(container):
    log = ((container.get("State") or {}).get("Health") or {}).get("Log") or []
    return (log[-1].get("Output") or "").strip() if log else ""
