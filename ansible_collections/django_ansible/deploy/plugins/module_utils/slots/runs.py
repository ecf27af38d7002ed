# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A management command of role mode, with the live release: a unit of its own."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.sandbox import PREFIX
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def unit_of(run: runs.Run) -> str:
    return "%s%s-run-%s.service" % (PREFIX, run.app_name, run.run_id)


def start(run: runs.Run, layout: Layout, application: Application, words: list[str], actor: str, release: str, limit: int) -> None:
    """Starts ``manage.py`` with *words*; returns at once.

    :param limit: seconds after which it is ended.
    """
    argv = [application.python, "manage.py", *words]

    def work(keep) -> int:
        return application.watched(argv, timeout=limit, unit=unit_of(run), output=keep).code

    run.start(words, actor, release, work, layout.record)


def stop(app_name: str, run_id: str) -> bool:
    """Ends the command of a run that was ended itself. Tells whether there was one."""
    run = runs.going(app_name, run_id)
    if run is None:
        return False
    systemd.systemctl("stop", unit_of(run))
    return True
