#!/usr/bin/python
# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)

from __future__ import annotations

DOCUMENTATION = r"""
module: compose_reach
short_description: Find out whether a compose project can be deployed on a host
description:
  - Looks for the engine, the right to use it, compose version 2 and a valid compose file, and changes nothing.
  - Tries the credential of the registry, and asks the registries for the digest of each image, so that it is known whether anything is to be pulled.
  - Each of them that is missing is an error of its own that says what to do.
options:
  file:
    description: The compose file on the host, an absolute path. The folder that holds it is the project's.
    type: path
    default: /root/compose.yml
  content:
    description: What is to become the content of O(file). It is checked without being written. Without it the file that is there counts.
    type: str
  env:
    description:
      - Values for the placeholders of the compose file, a mapping as JSON text.
      - They reach compose as its environment, so they win over the C(.env) file beside the compose file and never appear in a list of processes.
    type: str
    default: "{}"
  registry:
    description: Registry to log in to, V(host) or V(host:port). Empty is the engine's default registry.
    type: str
    default: ""
  registry_username:
    description: User of the registry. Empty means no login; credentials of the host's own docker config are used in either case.
    type: str
    default: ""
  registry_password:
    description: Password or token of the user. It is only held in memory.
    type: str
    default: ""
attributes:
  check_mode:
    description: The module changes nothing at all.
    support: full
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Check the engine, compose and the compose file
  django_ansible.deploy.compose_reach:
    file: /root/compose.yml
  register: reached
"""

RETURN = r"""
project:
  description: Name of the project, and of each of its services the image and how it comes to the host. For the other modules.
  returned: success
  type: dict
pull:
  description: Whether there is something to pull, or it cannot be told without trying.
  returned: success
  type: bool
outdated:
  description: Services for whose image the registry has another one now.
  returned: success
  type: list
  elements: str
images:
  description: Digest of each service's image as it is on the host, in check mode as the registry has it.
  returned: success
  type: dict
engine:
  description: Version of the engine.
  returned: success
  type: str
deploy:
  description: What compose warns about, such as a variable without a value, under C(warnings).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_native

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_images import REGISTRY_ARGUMENTS, Images
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose_project import COMMON_ARGUMENTS, Project, masker


def main():
    module = AnsibleModule(argument_spec=dict(**COMMON_ARGUMENTS, **REGISTRY_ARGUMENTS), supports_check_mode=True)
    params = module.params
    mask = masker([params["registry_password"]])
    try:
        project = Project(params["file"], params["content"], params["env"])
        mask = masker([*project.values.values(), params["registry_password"]])
        version = project.engine.ask("/version")
        config, warnings = project.config()
        images = Images(project, config["services"], params["registry"], params["registry_username"], params["registry_password"])
        images.survey()
        outdated = images.predicted()[0] if module.check_mode else images.outdated(images.stale)
    except ComposeError as error:
        module.fail_json(msg=mask(to_native(error)))
    module.exit_json(
        changed=False,
        project=config,
        pull=images.needed,
        outdated=outdated,
        images=images.recorded(images.before, module.check_mode),
        engine=version.get("Version", ""),
        deploy={"warnings": [mask(warning) for warning in warnings]},
    )


if __name__ == "__main__":
    main()
