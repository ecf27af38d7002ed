# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How long the processes of a service waited for a processor that others had: virtual machines beside this one, or neighbours of a container.

What they waited for each other, or for anything else of this host, is this host's own doing and not counted. Where the kernel does not say it, nothing is.
"""
from __future__ import annotations

import os
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd

HERTZ = os.sysconf("SC_CLK_TCK")
# Of the controller that counts processor time: the file, and what its numbers are of a second.
GROUPS = (("cpuacct", "/sys/fs/cgroup/cpuacct", "cpuacct.usage", 1e9), ("", "/sys/fs/cgroup", "cpu.stat", 1e6))


class Counted:
    """What is counted until now, in seconds of processor time.

    :param used: that all processors of the machine worked, with what is `stolen`.
    :param stolen: that a hypervisor gave to other machines while there was work.
    :param own: that this host used; None when that is not known.
    :param tasks: of the service, each with how long it ran and how long it waited to.
    """

    def __init__(self, moment: float, used: float, stolen: float, own: float | None, tasks: dict[str, tuple[float, float]]) -> None:
        self.moment, self.used, self.stolen, self.own, self.tasks = moment, used, stolen, own, tasks


def lost_between(begin: Counted, end: Counted, answering: float) -> float:
    """The share of the time in which requests were worked on that the service waited for a processor that others had.

    :param answering: seconds that all requests took together. Those that only stand in a queue are more than the service has tasks.
    """
    used, stolen, passed = end.used - begin.used, end.stolen - begin.stolen, end.moment - begin.moment
    own = used - stolen if begin.own is None or end.own is None else end.own - begin.own
    if used <= 0 or not begin.tasks:
        return 0.0
    ran = waited = 0.0
    for task, (runs, waits) in end.tasks.items():
        before = begin.tasks.get(task, (0.0, 0.0))
        ran, waited = ran + runs - before[0], waited + waits - before[1]
    by_others = waited * max(used - own, 0.0) / used + stolen * min(ran / max(used - stolen, 0.01), 1.0)
    working = min(answering, passed * max(len(end.tasks) - 1, 1))
    return min(max(by_others / working, 0.0), 0.9) if working > 0 else 0.0


class Waits:
    """Of a service, from now on; without one nothing is counted."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.begin = self._count()

    def lost(self, answering: float) -> float:
        """As :func:`lost_between` has it."""
        return lost_between(self.begin, self._count(), answering)

    def _count(self) -> Counted:
        return count(int(systemd.show(self.service, "MainPID").get("MainPID") or 0) if self.service else 0)


def count(main: int) -> Counted:
    """Counts now, for the service with that main process."""
    used, stolen = _machine()
    return Counted(time.monotonic(), used, stolen, _own(), {task: times for pid in _family(main) for task, times in _tasks(pid).items()} if main > 0 else {})


def _text(path: str) -> str:
    try:
        with open(path, encoding="ascii", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _machine() -> tuple[float, float]:
    words = _text("/proc/stat").partition("\n")[0].split()
    # user nice system idle iowait irq softirq steal
    numbers = [int(word) / HERTZ for word in words[1:9]]
    return (sum(numbers[:3]) + sum(numbers[5:]), numbers[7]) if len(numbers) == 8 else (0.0, 0.0)


def _own() -> float | None:
    """Of the group that all of this host is in: the root of what it sees, or that of its first process where it sees more."""
    groups = dict(line.split(":", 2)[1:] for line in _text("/proc/1/cgroup").splitlines() if line.count(":") >= 2)
    for controller, folder, name, unit in GROUPS:
        path = next((path for kinds, path in groups.items() if controller in kinds.split(",")), None)
        for group in () if path is None else (path[: -len("/init.scope")] if path.endswith("/init.scope") else path, ""):
            text = _text(os.path.join(folder, group.strip("/"), name))
            # Not usage_usec, which has stolen time in it, too, with kernels before 6.15.
            numbers = [int(line.split()[-1]) for line in text.splitlines() if name != "cpu.stat" or line.startswith(("user_usec", "system_usec"))]
            if numbers:
                return sum(numbers) / unit
    return None


def _family(main: int) -> list[int]:
    """A process and those that it started."""
    children = [int(word) for word in _text("/proc/%d/task/%d/children" % (main, main)).split()]
    return [main, *(pid for child in children for pid in _family(child))]


def _tasks(pid: int) -> dict[str, tuple[float, float]]:
    folder, found = "/proc/%d/task" % pid, {}
    try:
        names = os.listdir(folder)
    except OSError:
        return {}
    for name in names:
        numbers = _text("%s/%s/schedstat" % (folder, name)).split()
        if len(numbers) == 3:
            found[name] = (int(numbers[0]) / 1e9, int(numbers[1]) / 1e9)
    return found
