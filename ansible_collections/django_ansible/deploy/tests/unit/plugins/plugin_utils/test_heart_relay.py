# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How soon a heartbeat reaches what listens on a host, on a clock that only the relay's own waits move."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.heart import RELAY


class Connected(Exception):
    pass


@pytest.mark.parametrize("listens_after, most_late, most_tries", [(0.3, 0.025, 20), (1.0, 0.05, 60), (900, 1.01, 1200)])
def test_what_listens_is_reached_soon_after_it_does_and_seldom_asked_where_it_comes_late(listens_after, most_late, most_tries):
    clock, tries = [0.0], []

    class Socket:
        def __init__(self, *_):
            pass

        def connect(self, path):
            tries.append(path)
            if clock[0] >= listens_after:
                raise Connected
            raise FileNotFoundError(path)

        def close(self):
            pass

    def select(_readers, _writers, _errors, seconds):
        clock[0] += seconds
        return [], [], []

    modules = {
        "os": SimpleNamespace(read=lambda *_: b"/run/keeper/socket\nbeat\n", write=lambda *_: None),
        "select": SimpleNamespace(select=select),
        "socket": SimpleNamespace(socket=Socket, AF_UNIX=1),
        "sys": SimpleNamespace(exit=lambda: pytest.fail("it gave up")),
    }
    builtins = {"__import__": lambda name, *_: modules[name], "OSError": OSError, "min": min}
    with pytest.raises(Connected):
        exec(RELAY, {"__builtins__": builtins})
    assert clock[0] - listens_after <= most_late
    assert set(tries) == {b"/run/keeper/socket"}
    assert len(tries) <= most_tries
