"""A management command is a unit of its own, under a name by which a cancel finds it."""
from __future__ import annotations

import types

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import Done
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import runs


def test_its_unit_has_the_name_of_the_run():
    watched = []

    class Run:
        app_name, run_id = "mysite", "1-1-a"

        def start(self, words, actor, release, work, record):
            assert (words, actor, release, record) == (["check"], "ada", "r1", "journal")
            assert work(print) == 3

    def watch(argv, **more):
        watched.append((argv, more["unit"], more["timeout"]))
        return Done(3, "", "")

    runs.start(Run(), types.SimpleNamespace(record="journal"), types.SimpleNamespace(python="/venv/bin/python", watched=watch), ["check"], "ada", "r1", 5)
    assert watched == [(["/venv/bin/python", "manage.py", "check"], "django-ansible-deploy-mysite-run-1-1-a.service", 5)]


def test_what_does_not_go_on_is_not_stopped():
    assert not runs.stop("mysite", "../x")
