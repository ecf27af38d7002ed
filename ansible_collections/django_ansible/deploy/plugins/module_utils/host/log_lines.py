# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Lines of logs, each as its time (seconds since the epoch) and its text: what is asked for of them, and those of the journal of deploys."""
from __future__ import annotations

import calendar
import json
import os
import re
import subprocess
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run, tail

LONGEST = 4000  # characters of a line
MOST_BYTES = 4 << 20  # of a file, its end
MOST_ANSWERED = 3 << 20  # characters; a host's answer has its limit

LOG_ARGUMENTS = {
    "part": {"type": "str", "default": "web"},
    "since": {"type": "str", "default": ""},
    "lines": {"type": "int", "default": 200},
    "grep": {"type": "str", "default": ""},
}


def tail_of(path: str) -> str:
    with open(path, "rb") as file:
        file.seek(max(0, os.path.getsize(path) - MOST_BYTES))
        return file.read(MOST_BYTES).decode(errors="replace")


def deploys_in(journal: str) -> list[list]:
    """What deploys.jsonl says."""
    found = []
    for text in tail_of(journal).splitlines() if os.path.isfile(journal) else []:
        try:
            entry = json.loads(text)
            found.append([float(calendar.timegm(time.strptime(entry.pop("time"), "%Y-%m-%dT%H:%M:%SZ"))), json.dumps(entry, sort_keys=True)[:LONGEST]])
        except (ValueError, KeyError, AttributeError):
            continue
    return found


def newest(found: list[list], since: str, lines: int, grep: str) -> list[list]:
    """The newest *lines* that are asked for, the oldest first.

    :param since: a time as systemd reads it; empty for all there is.
    :param grep: an extended regular expression that a line has to match, in whatever case.
    :raises CommandFailed: when systemd or grep do not understand.
    """
    begin = moment(since) if since else 0
    return matching([entry for entry in sorted(found, key=lambda entry: entry[0]) if entry[0] >= begin], grep)[-lines:]


def moment(since: str) -> float:
    printed = run(["systemd-analyze", "timestamp", since])
    found = re.search(r"UNIX seconds: @([\d.]+)", printed)
    if not found:
        raise CommandFailed("systemd does not understand the time %s" % since)
    return float(found.group(1))


def matching(entries: list[list], grep: str) -> list[list]:
    """grep knows no expression that takes for ever."""
    if not grep:
        return entries
    argv = ["grep", "--extended-regexp", "--ignore-case", "--line-number", "--text", "--regexp=" + grep]
    text = "".join(entry[1].replace("\n", " ") + "\n" for entry in entries)
    done = subprocess.run(argv, input=text, capture_output=True, text=True, errors="replace", check=False, timeout=60, env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin"})
    if done.returncode > 1:
        raise CommandFailed("--grep: %s" % tail(done.stderr, 1))
    return [entries[int(line.partition(":")[0]) - 1] for line in done.stdout.splitlines()]


def answered(found: list[list], mask) -> dict:
    """What a module answers: C(times) in microseconds and C(lines), the newest that fit.

    :param mask: hides what is secret in a text.
    """
    times, lines, size = [], [], 0
    for when, text in reversed(found):
        size += len(text)
        if size > MOST_ANSWERED:
            break
        times.append(int(when * 1e6))
        lines.append(mask(text))
    return {"times": times[::-1], "lines": lines[::-1]}
