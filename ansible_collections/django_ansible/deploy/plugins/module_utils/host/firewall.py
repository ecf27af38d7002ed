# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Ubuntu's firewall, ufw: which ports it lets nobody in at."""
from __future__ import annotations

import re

ENABLED = ("/etc/ufw/ufw.conf", re.compile(r"^ENABLED=yes\b", re.MULTILINE))
REFUSES = ("/etc/default/ufw", re.compile(r'^DEFAULT_INPUT_POLICY="?(DROP|REJECT)\b', re.MULTILINE))
# As ufw writes each rule down for itself: what it does, with which protocol, to which ports.
RULES = ("/etc/ufw/user.rules", re.compile(r"^### tuple ### (?:allow|limit)(?:_log(?:-all)?)? (?:tcp|any) (\S+) .* in(?:_\S+)?(?: |$)", re.MULTILINE))


def closed(ports: list[int]) -> list[int]:
    """Those of *ports* that ufw lets nobody in at, whoever asks; none where it is not there or not switched on."""
    try:
        enabled, refuses, rules = (pattern.findall(_read(path)) for path, pattern in (ENABLED, REFUSES, RULES))
    except OSError:
        return []
    return [port for port in ports if not any(_names(ports_of_rule, port) for ports_of_rule in rules)] if enabled and refuses else []


def _read(path: str) -> str:
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def _names(ports: str, port: int) -> bool:
    """Whether a rule's ports have one among them: C(any), or numbers and ranges such as C(80,8000:8100)."""
    if ports == "any":
        return True
    ranges = (part.partition(":") for part in ports.split(","))
    return any(first.isdigit() and int(first) <= port <= int(last if last.isdigit() else first) for first, _, last in ranges)


def warning(ports: list[int]) -> list[str]:
    """What to say of *ports* that are to be open, in a list that is empty when there is nothing to say."""
    shut = ",".join(map(str, closed(ports)))
    return ["the host's firewall (ufw) lets nobody in at port %s, so visitors do not reach the site: run `ufw allow %s/tcp` there" % (shut, shut)] if shut else []
