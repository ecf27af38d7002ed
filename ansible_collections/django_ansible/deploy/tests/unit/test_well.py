"""What stops the hosts of a run from going on: too many that are lost, the leader among them, or one that found that the release fails its visitors."""
from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COLLECTION = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from pathlib import Path
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

def is_well(role, file, register, answer):
    text = yaml.safe_load(Path(sys.argv[1], "roles", role, "vars", file).read_text())["__%s_well" % role]
    variables = {
        "__%s_lost" % role: ["web2", "web3"], "__%s_may_fail" % role: 2, "__%s_first_host" % role: "web1", "ansible_play_hosts": ["web1"],
        "hostvars": {"web2": {}, "web3": {register: answer}},
    }
    return Templar(DataLoader(), variables=variables).template(trust_as_template(text))

print(json.dumps([is_well(*case) for case in json.load(sys.stdin)]))
"""
# By what each role registers of a step that may activate a release.
STEPS = [
    ("django_app", "main/derived.yml", "__django_app_activation"), ("django_app", "main/derived.yml", "__django_app_host"),
    ("compose_app", "main.yml", "__compose_app_activation"), ("compose_app", "main.yml", "__compose_app_reached"),
]


@pytest.mark.parametrize("answer, is_well", [({"failed": True}, True), ({"failed": True, "found_bad": False}, True), ({"failed": True, "found_bad": True}, False)])
def test_a_release_that_visitors_found_bad_goes_nowhere_else(answer, is_well):
    asked = json.dumps([(*step, answer) for step in STEPS])
    done = subprocess.run([sys.executable, "-c", PROGRAM, str(COLLECTION)], input=asked, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [is_well] * len(STEPS)
