"""A playbook may deploy several applications, with the same hosts in several plays: what one of them left in the facts of a host is nothing to the next."""
from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

COLLECTION = Path(__file__).parents[2]
# Why a name that is read in vars need not be forgotten.
SET_ANEW = {
    "compose_app": {"__compose_app_release": "named before it is read", "__compose_app_stack": "only with a Swarm, where each run looks first"},
    "django_app": {
        "__django_app_host": "each run looks first",
        "__django_app_certificate": "only with tls: acme, where each run prepares it",
        "__django_app_maker_password": "of the server, whatever is deployed",
        "__django_app_removal": "of another operation",
        **dict.fromkeys(("__django_app_release", "__django_app_revision", "__django_app_target"), "named before it is read"),
    },
}


def names_set(node) -> set[str]:
    if isinstance(node, list):
        return set().union(*map(names_set, node))
    if not isinstance(node, dict):
        return set()
    here = {node["register"]} if isinstance(node.get("register"), str) else set()
    return here.union(node.get("ansible.builtin.set_fact", ()), *map(names_set, node.values()))


@pytest.mark.parametrize("role", ["compose_app", "django_app"])
def test_a_run_begins_without_what_an_earlier_one_found_out(role):
    tasks = COLLECTION / "roles" / role / "tasks"
    reach = yaml.safe_load((tasks / "reach.yml").read_text())
    begin = next(task for task in reach if task["name"] == "Name this run")
    assert begin["run_once"] is True  # for all hosts of the play
    later = set().union(*(names_set(yaml.safe_load(file.read_text())) for file in tasks.rglob("*.yml") if file.name != "reach.yml"))
    read = set(re.findall(r"__\w+", "".join(file.read_text() for file in (COLLECTION / "roles" / role / "vars").rglob("*.yml"))))
    assert (later & read) - set(begin["ansible.builtin.set_fact"]) == set(SET_ANEW[role])


PROGRAM = """
import json, sys
from pathlib import Path
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

role, file = sys.argv[2:4]
texts = yaml.safe_load(Path(sys.argv[1], "roles", role, "vars", file).read_text())
begin = next(task for task in yaml.safe_load(Path(sys.argv[1], "roles", role, "tasks", "reach.yml").read_text()) if task["name"] == "Name this run")
left, names = json.load(sys.stdin)
forgotten = {name: value for name, value in begin["ansible.builtin.set_fact"].items() if name in left}
variables = {**{name: trust_as_template(texts[name]) for name in names if isinstance(texts[name], str)}, "ansible_play_hosts": ["web2", "web3"], **left, **forgotten}
templar = Templar(DataLoader(), variables=variables)
print(json.dumps([templar.template(trust_as_template(texts[name])) for name in names]))
"""
HOST = {"__django_app_host": {"activated": None, "live": {"revision": "b" * 40}}, "__django_app_target": "b" * 40}
FINISHED = {"finished": True, "activated": {"release": "20260101T000000Z-aaaaaaa", "revision": "a" * 40}}


@pytest.mark.parametrize("role, file, left, found", [
    ("compose_app", "main.yml", {"__compose_app_leader": "web1", "__compose_app_pulled": FINISHED}, {"__compose_app_first_host": "web2", "__compose_app_has_ended": False}),
    (
        "django_app", "main/derived.yml", {"__django_app_leader": "web1", "__django_app_finished": True, "__django_app_served": "a" * 40, "__django_app_prepared": FINISHED, **HOST},
        {"__django_app_first_host": "web2", "__django_app_has_ended": False, "__django_app_own_switch": None, "__django_app_now_live": "b" * 40, "__django_app_is_astray": False},
    ),
])
def test_a_host_of_two_applications_is_led_and_judged_by_the_one_that_is_deployed(role, file, left, found):
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(COLLECTION), role, file], input=json.dumps([left, list(found)]), capture_output=True, text=True, check=True)
    assert dict(zip(found, json.loads(done.stdout))) == found
