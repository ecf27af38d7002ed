# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Which project a task is about that deploys nothing."""

from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.project import Project
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.store import project_at


def name_of(params, compose):
    """The one that was deployed from that file; else the one that the file names."""
    known = params["name"] or project_at(params["files"][0])
    if known:
        return known
    project = Project(compose, params["files"], "", params["profiles"])
    return project.summary(project.resolve()[0])["name"]
