# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  run_id:
    description: Names the run that deploys, C(<workflow run>-<attempt>-<anything>); it holds the deploy lock. Empty means no lock.
    type: str
    default: ''
  actor:
    description: In whose name it deploys, for the lock and C(deploys.jsonl).
    type: str
    default: ''
"""
    PROJECT = """
options:
  project:
    description: Name of the project, as M(django_ansible.deploy.compose_reach) returned it.
    type: str
    required: true
"""
    RELEASE = """
options:
  env:
    description: The values that are kept out of answers and log, a mapping as JSON text.
    type: str
    default: "{}"
  release:
    description: Name of the release that was planned, or of one that this host has.
    type: str
    required: true
  kept:
    description: Whether O(release) is one that this host has, in a rollback.
    type: bool
    default: false
"""
    FILES = """
options:
  files:
    description: The compose files on the host, absolute paths. The folder of the first one is the project's.
    type: list
    elements: path
    default: [/root/compose.yml]
  sources:
    description: Files to bring to the project's folder, as the lookup P(django_ansible.deploy.compose_sources#lookup) gives them.
    type: str
    default: "{}"
  env:
    description:
      - Values for the placeholders of the compose file, a mapping as JSON text.
      - They reach compose as its environment, so they win over the C(.env) file beside the compose file and never appear in a list of processes.
    type: str
    default: "{}"
  env_file:
    description: File with mode 0600 that gets the values of O(env) as well, for C(env_file:) and for people. Empty writes none.
    type: str
    default: ''
  name:
    description: Name of the project. Empty means the one that the compose file or its folder gives.
    type: str
    default: ''
  profiles:
    description: Profiles that are active.
    type: list
    elements: str
    default: []
  services:
    description: Services that are wanted, with what they depend on. Empty means all.
    type: list
    elements: str
    default: []
"""
    START = """
options:
  remove_orphans:
    description: Remove containers of services that the compose file no longer has.
    type: bool
    default: true
  wait_timeout:
    description: Seconds until every container must be healthy.
    type: int
    default: 300
  settle_seconds:
    description: Seconds that a container without any health check must keep running after it was started.
    type: int
    default: 3
  log_lines:
    description: How many log lines of a failed container are shown.
    type: int
    default: 20
  probes:
    description:
      - URLs by service. Each container of the service must answer there with 200 to 399 before it counts as fit.
      - The port is the container's own; the request is made on the host itself, with the URL's name as Host.
    type: dict
    default: {}
  rollout:
    description: Services whose new containers start beside the old ones, which are then drained and removed.
    type: list
    elements: str
    default: []
  drain_seconds:
    description: Seconds that an old container of O(rollout) gets, after the drain command of its label, to show that it takes no more requests.
    type: int
    default: 10
  bake:
    description: Seconds for which this host watches a release after it has started. Zero watches nothing.
    type: int
    default: 0
  bake_wait:
    description: Seconds that the release is watched longer, at most, while nothing is decided.
    type: int
    default: 0
  bake_requests:
    description: Requests in the log of a service without which they decide nothing.
    type: int
    default: 50
  bake_failures:
    description: Percentage of requests that may fail whatever was before.
    type: float
    default: 0.5
  bake_checks:
    description:
      - What has to be well while this host watches. Addresses that answer with a status below 400, and commands that end with 0, each a service and what is
        run in its container.
    type: list
    elements: str
    default: []
"""
