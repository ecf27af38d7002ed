# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The events callback, which notes how long it works itself."""
from __future__ import annotations

DOCUMENTATION = """
name: timed_events
type: aggregate
short_description: The events callback with a clock
options:
  path:
    description: File to append events to.
    type: path
    env:
      - name: DJANGO_ANSIBLE_EVENTS_PATH
  play_marker:
    description: Not used.
    type: str
"""

import os
import time

from ansible_collections.django_ansible.deploy.plugins.callback.events import CallbackModule as Events


class CallbackModule(Events):
    CALLBACK_NAME = "timed_events"
    spent = 0.0


def clocked(name):
    inner = getattr(Events, name)

    def method(self, *args, **kwargs):
        start = time.perf_counter()
        try:
            return inner(self, *args, **kwargs)
        finally:
            CallbackModule.spent += time.perf_counter() - start
            if name == "v2_playbook_on_stats":
                with open(os.environ["TIMED_EVENTS"], "w", encoding="utf-8") as file:
                    file.write(str(CallbackModule.spent))

    return method


for found in [name for name in vars(Events) if name.startswith("v2_")]:
    setattr(CallbackModule, found, clocked(found))
