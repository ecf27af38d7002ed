# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = """
options:
  app_name:
    description: Internal name of the application; units, C(/etc/<app_name>) and C(/run/<app_name>) are named after it.
    type: str
    required: true
  app_dir:
    description: Application root, which holds C(releases), C(venvs), C(slots), C(shared) and C(static).
    type: path
    required: true
  app_user:
    description: System user that runs the application.
    type: str
    required: true
  app_group:
    description: Primary group of O(app_user).
    type: str
    required: true
  socket_link:
    description: Path that nginx connects to, a link to the live slot's socket.
    type: path
    required: true
  run_id:
    description: Names the run that deploys, C(<workflow run>-<attempt>-<anything>); it holds the deploy lock. Empty means no lock.
    type: str
    default: ''
  actor:
    description: In whose name it deploys, for the lock and C(deploys.jsonl).
    type: str
    default: ''
"""
    APPLICATION = """
options:
  app_path:
    description: Folder of C(manage.py) inside the release.
    type: str
    default: .
  environment:
    description: The application's environment as one JSON object of strings, so that it is hidden as a whole.
    type: str
    default: '{}'
"""
