# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What an application has logged on a host: its web part, processes and timers in the journal, nginx's files, and its deploys. Each line with its time."""
from __future__ import annotations

import calendar
import json
import os
import re
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.log_lines import LONGEST, deploys_in, matching, newest, tail_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import parts, process_units
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import SLOTS, Layout

NGINX = "/var/log/nginx"
ACCESS_TIME = re.compile(r"\[(\d{2}/\w{3}/\d{4}:\d{2}:\d{2}:\d{2}) ([+-]\d{4})\]")
ERROR_TIME = re.compile(r"(\d{4}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}) ")


def read(layout: Layout, part: str, since: str, lines: int, grep: str) -> list[list]:
    """The newest *lines*, each as time (seconds since the epoch) and text, the oldest first.

    :param part: C(web), C(nginx), C(deploys), or the name of a process or timer.
    :param since: a time as systemd reads it; empty for all there is.
    :param grep: an extended regular expression that a line has to match, in whatever case.
    :raises CommandFailed: when there is no such part, or systemd or grep do not understand.
    """
    if part == "nginx":
        found = _of_nginx(layout)
    elif part == "deploys":
        found = deploys_in(layout.journal)
    else:
        return _journal(_units(layout, part), since, lines, grep)
    return newest(found, since, lines, grep)


def _units(layout: Layout, part: str) -> list[str]:
    app_name = layout.app_name
    if part == "web":
        return [layout.slot_service(slot) for slot in SLOTS]
    owned = process_units.owned_units(app_name)
    units = [unit for unit in owned if unit == "%s-%s.service" % (app_name, part)]
    units += [unit.replace("@.", "@*.") for unit in owned if unit in {"%s-%s-%s@.service" % (app_name, part, slot) for slot in SLOTS}]
    if not units:
        names = sorted({parts.part_of(app_name, unit) for unit in owned})
        raise CommandFailed("there is no %s here: use web, nginx, deploys%s" % (part, "".join(", " + name for name in names)))
    return units


def _journal(units: list[str], since: str, lines: int, grep: str) -> list[list]:
    argv = ["journalctl", "--no-pager", "--quiet", "--output", "json", "--output-fields", "MESSAGE", *("--unit=" + unit for unit in units)]
    # Without a pattern the journal itself finds the end; with one it would need a library that Debian leaves out.
    argv += ["--since=" + since] if since else []
    argv += ["--lines=%d" % (lines if not grep else 10 * lines)]
    found = []
    for line in run(argv, timeout=60).splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        message = entry.get("MESSAGE")
        if isinstance(message, list):  # bytes that are no text
            message = bytes(message).decode(errors="replace")
        for text in str(message or "").splitlines():
            found.append([int(entry["__REALTIME_TIMESTAMP"]) / 1e6, text[:LONGEST]])
    return matching(found, grep)[-lines:]


def _of_nginx(layout: Layout) -> list[list]:
    found = []
    for path in (os.path.join(NGINX, "%s.%s.log" % (layout.app_name, kind)) for kind in ("access", "error")):
        if not os.path.isfile(path):
            continue
        last = 0.0
        for text in tail_of(path).splitlines():
            last = _time_in(text) or last
            found.append([last, text[:LONGEST]])
    return found


def _time_in(text: str) -> float | None:
    """When nginx wrote a line."""
    access, error = ACCESS_TIME.search(text), ERROR_TIME.match(text)
    try:
        if access:
            zone = int(access.group(2))
            return calendar.timegm(time.strptime(access.group(1), "%d/%b/%Y:%H:%M:%S")) - (abs(zone) // 100 * 3600 + abs(zone) % 100 * 60) * (1 if zone > 0 else -1)
        return time.mktime(time.strptime(error.group(1), "%Y/%m/%d %H:%M:%S")) if error else None
    except ValueError:
        return None
