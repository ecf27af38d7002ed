"""Filters and tests are found once, also when nothing is found, and anew where another folder of plugins came in."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import remembered


class Loader:
    """As much of Ansible's as is used, which has both names (see the end)."""

    def __init__(self):
        self.looks, self.folders = [], []

    def get(self, name, *args, **kwargs):
        self.looks.append(name)
        if name == "no.such":
            raise KeyError(name)
        return None if name == "length" else (name, args, tuple(self.folders))

    def add_directory(self, directory, with_subdir=False):
        self.folders.append(directory)


@pytest.fixture
def loader():
    loader = Loader()
    remembered.lend(loader)
    return loader


def test_each_name_is_looked_for_once(loader):
    for _ in range(3):
        assert loader.get("of.a.collection") == ("of.a.collection", (), ())
        assert loader.get("length") is None
    assert loader.looks == ["of.a.collection", "length"]


def test_what_cannot_be_found_says_so_each_time(loader):
    remembered.find(loader, ["no.such", "length"])
    for _ in range(2):
        with pytest.raises(KeyError):
            loader.get("no.such")
    assert loader.looks == ["no.such", "length", "no.such", "no.such"]


def test_what_is_asked_for_in_another_way_is_not_remembered(loader):
    assert loader.get("first", "argument") == loader.get("first", "argument")
    assert loader.looks == ["first", "first"]


def test_another_folder_may_bring_it(loader):
    loader.get("mine")
    loader.add_directory("/role/filter_plugins", with_subdir=True)
    assert loader.get("mine") == ("mine", (), ("/role/filter_plugins",))


# Ansible's plugins are set up once for a whole process.
PROGRAM = """
import sys
import ansible.cli
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import filter_loader, init_plugin_loader
from ansible.template import Templar, trust_as_template
init_plugin_loader([sys.argv[1]])
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import remembered
looks, find = [], filter_loader.get
filter_loader.get = lambda name, *args, **kwargs: (looks.append(name), find(name, *args, **kwargs))[1]
for lent in (False, True):
    if lent:
        remembered.lend(filter_loader)
    for _ in range(3):
        text = trust_as_template("{{ some | length }} {{ some | django_ansible.deploy.commands_for([], true) | length }}")
        assert Templar(DataLoader(), variables={"some": []}).template(text) == "0 0"
    print(*looks)
    looks.clear()
"""


def test_templates_of_ansible_look_so():
    """Where this fails, a later Ansible finds filters in another way, and nothing is remembered."""
    root = str(Path(__file__).parents[7])
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "ANSIBLE_COLLECTIONS_PATH": root}
    done = subprocess.run([sys.executable, "-c", PROGRAM, root], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    before, after = (line.split() for line in done.stdout.splitlines())
    assert len(before) >= 6
    assert sorted(after) == ["django_ansible.deploy.commands_for", "length"]
