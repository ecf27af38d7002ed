"""What a Swarm takes of a resolved project, and what is concluded from its services."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import stacks


def service(image="r.x/web:1@sha256:aa", replicas=2, force=0, key="s1"):
    mode = {"Global": {}} if replicas is None else {"Replicated": {"Replicas": replicas}}
    return {"ID": key, "Spec": {"Name": "shop_web", "Mode": mode, "TaskTemplate": {"ContainerSpec": {"Image": image}, "ForceUpdate": force}}}


def task(image="r.x/web:1@sha256:aa", state="running", desired="running", node="n1", key="s1"):
    return {"ServiceID": key, "NodeID": node, "DesiredState": desired, "Status": {"State": state}, "Spec": {"ContainerSpec": {"Image": image}, "ForceUpdate": 0}}


def test_what_a_stack_takes():
    config = {
        "name": "shop",
        "services": {
            "web": {
                "image": "web", "command": None, "depends_on": {"db": {}}, "container_name": "x", "restart": "always",
                "ports": [{"target": 8000, "published": "80", "host_ip": "127.0.0.1"}], "deploy": {"resources": {"limits": {"cpus": 0.5}}},
            }
        },
        "networks": {"default": {"name": "shop_default", "ipam": {}}, "outside": {"name": "outside", "external": True}},
    }
    assert stacks.for_stack(config) == {
        "version": "3.8",
        "services": {"web": {"image": "web", "ports": [{"target": 8000, "published": 80}], "deploy": {"resources": {"limits": {"cpus": "0.5"}}}}},
        "networks": {"default": {}, "outside": {"name": "outside", "external": True}},
    }


def test_an_image_is_recorded_by_name_and_digest():
    assert stacks.image_of(service()) == "r.x/web@sha256:aa"
    assert stacks.image_of(service("r.x:5000/web@sha256:aa")) == "r.x:5000/web@sha256:aa"
    assert stacks.image_of(service("local/web:1")) == "local/web:1"


def test_only_tasks_of_the_newest_specification_count():
    tasks = [task(), task("r.x/web:1@sha256:bb"), task(state="starting"), task(desired="shutdown"), task(key="s2")]
    assert stacks.running_tasks(service(), tasks) == 1
    assert stacks.wanted_tasks(service(), tasks, 3) == 2
    assert stacks.wanted_tasks(service(replicas=None), [task(node="n1"), task(node="n2")], 3) == 2
    assert stacks.wanted_tasks(service(replicas=None), [], 3) == 3


def test_changes():
    before, after = {"web": service(), "old": service()}, {"web": service("r.x/web:1@sha256:bb"), "new": service()}
    assert stacks.changes(before, after) == {"new": "created", "old": "removed", "web": "replaced"}
    assert stacks.changes(before, before) == {}
