# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How an application stands on a host: what runs, how well, and what somebody should look at."""
from __future__ import annotations

import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.database import freshness
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import certificate, maintenance, pythons, runs, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import LITTLE_MIB, free_mib
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import Probe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import left, prepared, process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.maintenance import maintenance_of

PROBE_SECONDS = 10
FEW_DAYS = 14


def standing(layout: Layout, params: dict) -> dict:
    """Facts for people, by the names that RETURN of app_status gives, and C(problems), a sentence each."""
    slot = layout.live_slot()
    web = [*layout.slot_units(slot), "nginx.service"] if slot and os.path.islink(layout.socket_link) else []
    units = [*web, *process_units.instances(layout.app_name)]
    asked = systemd.show_each(units, "ActiveState", "NRestarts", "MemoryCurrent")
    states = {unit: asked.get(unit, {}).get("ActiveState", "unknown") for unit in units}
    services = [unit for unit in units if unit.endswith(".service") and unit != "nginx.service"]
    found = {
        "units": states,
        "restarts": {unit: _number(asked.get(unit, {}).get("NRestarts")) for unit in services},
        "memory_mib": {unit: _number(asked.get(unit, {}).get("MemoryCurrent")) >> 20 for unit in services},
        "free_mib": free_mib(layout.app_dir),
        "health": health(layout, slot, params) if web else None,
        "certificate_days": certificate_days(params["certificate"]),
        **freshness.facts(layout.backups),
        "maintenance": maintenance.describe(maintenance_of(layout).known()),
        "timers": {unit: last_run(unit) for unit in [*units, *own_timers(layout.app_name)] if unit.endswith(".timer")},
        "runs": [runs.told(run, "manage.py") for run in runs.known_runs(layout.app_name)],
        "drift": left.drift(layout),
    }
    unproven = freshness.unproven(layout.backups, params["rehearsal_days"], time.time())
    hungry = [out_of_memory(unit) for unit, restarts in found["restarts"].items() if restarts]
    half = os.path.exists(layout.draining) and "a removal did not end, and load balancers go elsewhere since: remove the application again, or delete %s" % layout.draining
    astray = process_units.astray(layout.app_name, params["once_hosts"], params["host"])
    return {**found, "problems": [*problems(found), *filter(None, [layout.went_alone(), *hungry, old_python(layout), unproven, half]), *astray]}


def old_python(layout: Layout) -> str | None:
    """What to say of a live release that runs in another Python than it would be made with now, since Debian was upgraded."""
    live = layout.live_release()
    if not live:
        return None
    own, made = os.path.basename(pythons.own()), layout.read_release(live).get("python")
    if not layout.starts(live):
        return "the Python of the live release is gone, so that it cannot start again: deploy, which makes it anew with %s" % own
    if made and made != own:
        return "the live release runs in %s, and the host's own is %s now: deploy before somebody removes %s" % (made, own, made)
    return None


def out_of_memory(unit: str) -> str | None:
    """What to say of a unit whose memory did not suffice; only a unit that was started again is looked at."""
    times = systemd.times_out_of_memory(unit, "-1d")
    often = "once" if times == 1 else "%d times" % times
    return "%s ran out of memory %s within a day: look for a leak, lower gunicorn_workers, or raise django_app_memory_max" % (unit, often) if times else None


def own_timers(app_name: str) -> list[str]:
    """Those of this collection: renewing certificates, and dumps of a local database."""
    names = [app_name + suffix for suffix in ("-certificate.timer", "-database-dump.timer")]
    return [name for name in names if os.path.exists(os.path.join(process_units.UNITS, name))]


def problems(found: dict):
    """What somebody should look at."""
    if found["health"] not in (None, "healthy"):
        yield "it is not healthy: %s" % found["health"]
    yield from ("%s is %s" % (unit, state) for unit, state in found["units"].items() if state != "active")
    yield from ("%s: its last run failed" % unit for unit, said in found["timers"].items() if said.endswith("failed"))
    if found["certificate_days"] is not None and found["certificate_days"] < FEW_DAYS:
        yield "the certificate ends in %d days" % found["certificate_days"]
    if found["free_mib"] < LITTLE_MIB:
        yield "only %d MiB of disk are free" % found["free_mib"]
    yield from found["drift"]


def health(layout: Layout, slot: str, params: dict) -> str:
    """C(healthy), or what was wrong with the answer to the health check."""
    statuses = params["health_statuses"]
    if not statuses and params["health_path"] == "/" and not prepared.read(layout, layout.slot_release(slot) or "").get("home", True):
        statuses = [*range(200, 400), 404]
    probe = Probe(params["health_path"], params["health_host"], statuses, params["scheme"])
    return probe.over_socket(layout.slot_socket(slot), PROBE_SECONDS) or "healthy"


def certificate_days(path: str) -> int | None:
    """Days that a certificate is still valid; None where there is none."""
    text = certificate.read(path) if path else b""
    return max(certificate.describe(text)["days"], -1) if text else None


def last_run(timer: str) -> str:
    """When a timer's command ran last, and how it ended."""
    service = timer.replace(".timer", ".service")
    found = systemd.show(service, "ExecMainExitTimestamp", "Result")
    if not found.get("ExecMainExitTimestamp"):
        return "not yet"
    return "%s, %s" % (found["ExecMainExitTimestamp"], "succeeded" if found.get("Result") == "success" else "failed")


def _number(text: str | None) -> int:
    return int(text) if text and text.isdigit() and len(text) < 16 else 0
