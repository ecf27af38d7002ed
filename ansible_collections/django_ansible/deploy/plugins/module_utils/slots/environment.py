# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The environment that a release is started with on this host."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import secret_key
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def release_environment(params: dict, layout: Layout, release: str) -> Environment:
    """With the place of the release's static files, the secret key that was made here when nobody gave one, and the settings module that it carries."""
    made = Environment.parse(params["environment"], params["credentials"])
    static_root = os.path.join(layout.release_dir(release), "staticfiles")
    made.values = {"STATIC_ROOT": static_root, **secret_key.read(layout.etc), **made.values}
    carried = layout.read_release(release).get("settings_module")
    if carried:
        made.values["DJANGO_SETTINGS_MODULE"] = carried
    return made
