"""A login that begins before a module needs it."""
from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart, login


@pytest.fixture
def host(tmp_path, monkeypatch):
    """An action plugin of a host, what is ordered for it, and where its connection is going to be."""
    options = {"password": None, "host": "h", "ssh_executable": "ssh"}
    socket = tmp_path / "socket"
    connection = SimpleNamespace(
        transport="ssh", get_option=options.get, _build_command=lambda *words: [b"sshpass", b"ssh", b"-o", b'ControlPath="%s"' % str(socket).encode(), *words[3:]]
    )
    orders: dict = {}
    monkeypatch.setattr(heart, "place", lambda name: str(tmp_path / name))
    monkeypatch.setattr(heart, "put", lambda name, text: orders.update({name: json.loads(text)}))
    return SimpleNamespace(action=SimpleNamespace(_connection=connection), options=options, socket=socket, orders=orders, folder=tmp_path)


def test_what_logs_in_starts_before_and_orders_nothing(host, monkeypatch):
    started = []
    monkeypatch.setattr(heart, "begin", lambda folder, pid: started.append(folder))
    login.prepare(host.action)
    host.action._connection.transport = "local"
    login.prepare(host.action)
    assert (started, host.orders) == ([str(host.folder)], {})


def test_it_begins_as_ansible_itself_would_log_in_and_asks_nobody(host):
    login.begin(host.action)
    (argv,) = host.orders.values()
    assert argv == ["ssh", "-o", "BatchMode=yes", "-o", 'ControlPath="%s"' % host.socket, "h", "true"]


@pytest.mark.parametrize("why", ["a password", "another connection", "it is there", "none is shared"])
def test_it_does_not_begin_without_need(host, why):
    if why == "a password":
        host.options["password"] = "s3cret"
    elif why == "another connection":
        host.action._connection.transport = "local"
    elif why == "it is there":
        host.socket.touch()
    else:
        host.action._connection._build_command = lambda *words: [b"ssh", *words[3:]]
    login.begin(host.action)
    assert host.orders == {}


def test_a_module_waits_until_the_connection_is_there_or_the_login_has_ended(host, monkeypatch):
    waits = []
    login.begin(host.action)
    order = host.folder / next(iter(host.orders))
    for end in (host.socket.touch, order.unlink):
        order.touch()
        host.socket.unlink(missing_ok=True)
        monkeypatch.setattr(login.time, "sleep", lambda seconds, end=end: (waits.append(seconds), end()))
        login.wait(host.action)
    assert len(waits) == 2
    login.wait(host.action)
    assert len(waits) == 2


def test_a_login_that_takes_long_is_not_waited_for(host, monkeypatch):
    login.begin(host.action)
    (host.folder / next(iter(host.orders))).touch()
    monkeypatch.setattr(login, "LONGEST", 0.0)
    login.wait(host.action)
