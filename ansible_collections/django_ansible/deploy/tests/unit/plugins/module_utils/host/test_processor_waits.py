"""What a service waited for a processor that others had, and from which files that is known."""
from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import processor_waits
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.processor_waits import Counted, Waits, lost_between

BEGIN = Counted(100, 1000, 50, 400, {"7": (1, 0), "8": (5, 2), "9": (5, 2)})


def after(seconds=10, used=20, stolen=0, own=20, ran=2, waited=0):
    """So many seconds later, when the two workers together have run and waited so long."""
    tasks = {"7": (1, 0), "8": (5 + ran / 2, 2 + waited / 2), "9": (5 + ran / 2, 2 + waited / 2)}
    return Counted(100 + seconds, 1000 + used, 50 + stolen, None if own is None else 400 + own, tasks)


@pytest.mark.parametrize(
    ("end", "answering", "share"),
    [
        # It waited for itself, or for others of this host: a release that is hungry.
        (after(waited=8), 20, 0),
        # Three quarters of what worked was others' work.
        (after(own=5, waited=8), 20, 0.3),
        # Half of the two workers' time; the rest of the requests stood in a queue.
        (after(own=5, waited=8), 500, 0.3),
        # It slept while others worked.
        (after(own=5), 20, 0),
        # The hypervisor took half of what all wanted, and the service was a fifth of that.
        (after(stolen=10, own=10), 10, 0.2),
        # What is this host's own is not known: what is stolen is all that others can have had.
        (after(own=None, waited=8), 20, 0),
        (after(own=None, stolen=10, waited=8), 20, 0.3),
        # Counted in another way, a host seems to use more than all.
        (after(own=21, waited=8), 20, 0),
        (after(used=0, own=0), 20, 0),
        (after(own=5, waited=8), 0, 0),
        # More than all of it cannot be.
        (after(own=1, waited=40), 1, 0.9),
    ],
)
def test_what_was_lost_to_others(end, answering, share):
    assert lost_between(BEGIN, end, answering) == pytest.approx(share)


def test_a_service_that_was_not_there_lost_nothing():
    assert lost_between(Counted(100, 1000, 50, 400, {}), after(own=5, waited=8), 20) == 0


STAT = "cpu  100 0 100 700 10 0 0 50 0 0\ncpu0 1 2 3\n"


@pytest.fixture
def kernel(monkeypatch):
    """What files of the kernel say; any other is not there."""
    files = {}
    monkeypatch.setattr(processor_waits, "_text", lambda path: files.get(path, ""))
    monkeypatch.setattr(processor_waits, "HERTZ", 100)
    monkeypatch.setattr(os, "listdir", lambda folder: sorted({path.split("/")[4] for path in files if path.startswith(folder + "/")}))
    return files


@pytest.mark.parametrize(
    ("more", "own"),
    [
        # A virtual machine, whose number of all has stolen time in it.
        ({"/proc/1/cgroup": "0::/init.scope\n", "/sys/fs/cgroup/cpu.stat": "usage_usec 2500000\nuser_usec 1000000\nsystem_usec 1000000\nnr_bursts 7\n"}, 2),
        ({"/proc/1/cgroup": "4:cpuacct:/\n0::/init.scope\n", "/sys/fs/cgroup/cpuacct/cpuacct.usage": "1900000000\n"}, 1.9),
        # A container that sees all groups, and one that sees its own alone.
        ({"/proc/1/cgroup": "4:cpu,cpuacct:/docker/ab\n", "/sys/fs/cgroup/cpuacct/docker/ab/cpuacct.usage": "500000000\n", "/sys/fs/cgroup/cpuacct/cpuacct.usage": "9\n"}, 0.5),
        ({"/proc/1/cgroup": "4:cpu,cpuacct:/docker/ab\n", "/sys/fs/cgroup/cpuacct/cpuacct.usage": "500000000\n"}, 0.5),
        ({"/proc/1/cgroup": "0::/lxc/ab/init.scope\n", "/sys/fs/cgroup/lxc/ab/cpu.stat": "usage_usec 9\nuser_usec 300000\nsystem_usec 200000\n"}, 0.5),
        ({}, None),
        ({"/proc/1/cgroup": "0::/\n"}, None),
    ],
)
def test_what_this_host_used_itself(kernel, more, own):
    kernel.update({"/proc/stat": STAT, **more})
    found = processor_waits.count(0)
    assert (found.used, found.stolen, found.own, found.tasks) == (2.5, 0.5, own, {})


def test_a_service_has_the_tasks_of_its_processes(kernel, monkeypatch):
    kernel.update({
        "/proc/7/task/7/children": "8 9 ", "/proc/7/task/7/schedstat": "1000000000 0 3\n", "/proc/8/task/8/schedstat": "2000000000 500000000 3\n",
        "/proc/8/task/80/schedstat": "3000000000 0 3\n", "/proc/9/task/9/schedstat": "",
    })
    assert processor_waits.count(7).tasks == {"7": (1, 0), "8": (2, 0.5), "80": (3, 0)}
    monkeypatch.setattr(processor_waits.systemd, "show", lambda unit, name: {"MainPID": "7"})
    assert Waits("shop@green.service").begin.tasks.keys() == {"7", "8", "80"}


def test_without_a_kernel_that_says_so_nothing_is_lost(kernel):
    assert Waits("").lost(100.0) == 0
    assert (processor_waits.count(1).used, processor_waits.count(1).tasks) == (0, {})


def test_this_machine_says_so():
    found = processor_waits.count(os.getpid())
    assert found.used > 0
    assert str(os.getpid()) in found.tasks
