# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""What the containers of a project have printed, and its deploys. Each line with its time."""

from __future__ import annotations

import calendar
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.containers import service_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.log_lines import LONGEST, deploys_in, moment, newest


def read(live, part, since, lines, grep):
    """The newest *lines*, the oldest first, as :func:`host.log_lines.newest` gives them.

    *part* is a service, `deploys`, or empty for all services.
    """
    if part == "deploys":
        return newest(deploys_in(live.store.journal), since, lines, grep)
    listed = live.compose.engine.containers(live.project)
    services = sorted({service_of(entry) for entry in listed})
    if part and part not in services:
        raise ComposeError(f"there is no {part} here: use deploys, {', '.join(services)}, or nothing for all services")
    wanted = [entry for entry in listed if part in ("", service_of(entry))]
    begin = moment(since) if since else 0
    found = []
    for entry in wanted:
        name = (entry.get("Names") or [""])[0].lstrip("/")
        # Where a pattern chooses among them, more are looked at.
        text = live.compose.engine.logs(entry["Id"], lines if not grep else 10 * lines, begin, timestamps=True)
        found += [[when, f"{name}: {line}" if len(wanted) > 1 else line] for when, line in timed(text)]
    return newest(found, since, lines, grep)


def timed(text):
    """Lines as the engine gives them, each behind its time. One that has none belongs to the line before."""
    last = 0.0
    for line in text.splitlines():
        stamp, _, rest = line.partition(" ")
        try:
            last = calendar.timegm(time.strptime(stamp[:19], "%Y-%m-%dT%H:%M:%S")) + float("0." + (stamp[20:].rstrip("Z") or "0"))
        except ValueError:
            rest = line
        yield [last, rest[:LONGEST]]
