# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""A command with the live release of a project: a container of its own."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.one_off import OneOff
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import runs_folder
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import runs


def run_of(project, run_id):
    return runs.Run(project, run_id, runs_folder())


def container_of(run):
    return f"{run.app_name}-run-{run.run_id}"


def service_for(live, named):
    """The service whose image has the command: the named one, or the only one."""
    services = live.services()
    if named or len(services) == 1:
        return named or services[0]
    raise ComposeError(f"set compose_app_run_service to the service whose image has the command: there are {', '.join(services)}")


def start(run, live, service, words, actor, limit):
    """Starts *words*, behind the entrypoint of the service's image; returns at once."""
    one_off = OneOff(live.compose, live.config_file, live.record, service, timeout=limit)

    def work(keep):
        return one_off.watched(words, name=container_of(run), environment=live.values, output=keep)

    run.start(words, actor, live.release, work, live.store.record)


def stop(engine, project, run_id):
    """Ends the command of a run that was ended itself."""
    run = runs.going(project, run_id, runs_folder())
    if run is not None:
        engine.stop_container(container_of(run))
