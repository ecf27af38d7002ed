# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  finish:
    description:
      - Ends the deploy here as M(django_ansible.deploy.app_finish) does, when the release went live, and on all hosts of the run. A host that ended its deploy
        does not roll back any more.
    type: dict
    suboptions:
      commands:
        description: As of M(django_ansible.deploy.app_finish), like the others.
        type: str
        default: '{}'
      keep_releases:
        description: How many releases stay.
        type: int
        default: 5
      standby:
        description: Whether the slot that is no longer live goes on running.
        type: bool
        default: false
      everywhere:
        description: Whether the release is live on every host of the application.
        type: bool
        default: false
      dumps:
        description: How many dumps stay.
        type: dict
        default: {}
        suboptions:
          number:
            description: The newest ones, at most.
            type: int
            default: 14
          days:
            description: For how many days, at most.
            type: int
            default: 30
"""
