"""What somebody should look at of a compose project."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.modules.compose_status import problems


def container(name, **state):
    return {"Name": "/shop-%s-1" % name, "State": {"Status": "running", **state}, "HostConfig": {"RestartPolicy": {"Name": "no"}}}


def found(*services, free_mib=9000):
    return {"services": [{"service": name} for name in services], "free_mib": free_mib}


RECORD = {"summary": {"services": {"web": {"replicas": 1}, "worker": {"replicas": 1}, "off": {"replicas": 0}}}}


def test_nothing_where_all_is_well():
    well = [container("web", Health={"Status": "healthy"}), container("worker"), container("setup", Status="exited", ExitCode=0)]
    assert problems(found("web", "worker", "setup"), well, RECORD) == []


def test_what_is_missing_or_not_healthy():
    unwell = [container("web", Health={"Status": "unhealthy"}), container("setup", Status="exited", ExitCode=3)]
    assert problems(found("web", "setup", free_mib=5), unwell, RECORD) == [
        "shop-setup-1 ended with exit code 3", "shop-web-1 is unhealthy", "there is no container of worker", "only 5 MiB of disk are free",
    ]
