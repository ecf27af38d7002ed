#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_pull
short_description: Pull the images of a compose project
description:
  - Asks the registry for the digest of each image and runs C(compose pull) only when one of them is not on the host yet.
  - It is changed when an image on the host became another one. Containers are not touched.
  - A credential is tried first; it lives in a docker config folder of its own that is removed again. Credentials of the host's own docker config keep working.
options:
  file:
    description: The compose file on the host, an absolute path. The folder that holds it is the project's.
    type: path
    default: /root/compose.yml
  content:
    description: What is to become the content of O(file). It is used without being written. Without it the file that is there counts.
    type: str
  env:
    description: Values for the placeholders of the compose file, a mapping as JSON text.
    type: str
    default: "{}"
  project:
    description: RV(django_ansible.deploy.compose_reach#module:project). Without it the compose file is read again.
    type: dict
  registry:
    description: Registry to log in to, V(host) or V(host:port). Empty is the engine's default registry.
    type: str
    default: ""
  registry_username:
    description: User of the registry. Empty means no login.
    type: str
    default: ""
  registry_password:
    description: Password or token of the user.
    type: str
    default: ""
  timeout:
    description: Seconds after which the pull is given up.
    type: int
    default: 900
attributes:
  check_mode:
    description: Tells which images would be pulled; needs the registry to answer.
    support: full
  diff_mode:
    description: A line for each service whose image changes.
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Pull the images
  django_ansible.deploy.compose_pull:
    file: /root/compose.yml
    registry: registry.example.com
    registry_username: deployer
    registry_password: "{{ vault_registry_password }}"
"""

RETURN = r"""
outdated:
  description: Services whose image was pulled, in check mode would be pulled.
  returned: success
  type: list
  elements: str
images:
  description: Digest of each service's image, after the pull.
  returned: success
  type: dict
deploy:
  description: Warnings, under C(warnings).
  returned: success
  type: dict
"""

import signal
import sys
from contextlib import ExitStack

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_images import REGISTRY_ARGUMENTS, Images, cannot_pull
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_project import COMMON_ARGUMENTS, Project, describe, masker, reason_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_registry import private_config


def pull(project, images, timeout):
    """Let compose pull. A credential is in a folder that only exists meanwhile."""
    arguments = ["pull", "--quiet"]
    if any(service["build"] for service in images.services.values()):
        arguments.append("--ignore-buildable")
    with ExitStack() as stack:
        folder = stack.enter_context(private_config(images.config)) if images.logged_in else None
        code, out, err = project.compose(*arguments, config_dir=folder, timeout=timeout)
    if code is None:
        raise ComposeError(f"The pull did not end within {timeout} seconds and was stopped: raise compose_app_pull_timeout or look at the registry.")
    if code != 0 and images.errors:
        # What the registry answered when it was asked for digests tells more than compose does.
        raise ComposeError("\n".join(cannot_pull(reference, error) for reference, error in sorted(images.errors.items())))
    if code != 0:
        raise ComposeError(f"The images could not be pulled: {reason_of(err or out, 4)}")


def main():
    module = AnsibleModule(
        argument_spec=dict(**COMMON_ARGUMENTS, **REGISTRY_ARGUMENTS, project={"type": "dict"}, timeout={"type": "int", "default": 900}),
        supports_check_mode=True,
    )
    # A signal must not skip the removal of the credential's folder.
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(143))
    params = module.params
    mask = masker([params["registry_password"]])
    changed, warnings = False, []
    try:
        project = Project(params["file"], params["content"], params["env"])
        mask = masker([*project.values.values(), params["registry_password"]])
        services = (params["project"] or project.config()[0])["services"]
        images = Images(project, services, params["registry"], params["registry_username"], params["registry_password"])
        images.survey()
        built = sorted(name for name, service in services.items() if service["build"])
        if built:
            warnings.append(f"Built on the host and not pulled: {', '.join(built)}.")
        if module.check_mode:
            after = images.before
            outdated, unknown = images.predicted()
            warnings += unknown
        else:
            try:
                if images.needed:
                    pull(project, images, params["timeout"])
            finally:
                after = images.local()
                outdated = images.outdated(
                    {reference for reference in after if (after[reference] or {}).get("Id") != (images.before[reference] or {}).get("Id")}
                )
                changed = bool(outdated)
    except ComposeError as error:
        module.fail_json(msg=mask(to_native(error)), changed=changed)
    module.exit_json(
        changed=bool(outdated),
        outdated=outdated,
        images=images.recorded(after, module.check_mode),
        deploy={"warnings": [mask(warning) for warning in warnings]},
        diff={"prepared": describe({name: "pulled" for name in outdated}, module.check_mode)},
    )


if __name__ == "__main__":
    main()
