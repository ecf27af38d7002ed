"""A host with nothing to do loads nothing of what a deploy goes on with: each module that Python loads costs every host a third of a millisecond or more."""
from __future__ import annotations

import subprocess
import sys

from ansible_collections.django_ansible.deploy.plugins.modules import app_host

OURS = "ansible_collections.django_ansible.deploy.plugins.module_utils."
MOST = 105


def test_what_a_look_loads():
    code = "import sys; sys.path[:0] = %r; import %s; print('\\n'.join(sys.modules))" % (sys.path, app_host.__name__)
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    named = {name[len(OURS) :] for name in loaded if name.startswith(OURS)}
    assert not named & {"host.hearing", "host.keeper", "host.relay", "slots.returning", "slots.activating", "slots.rolling_back"}
    assert "asyncio" not in loaded
    assert len(named) <= MOST, sorted(named)
