"""Whoever has connected is let in before a socket closes."""
from __future__ import annotations

import socket
import threading
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.waiting_room import connections, let_in, waiting


@pytest.fixture
def visitors(tmp_path):
    """A socket, and two who have connected to it."""
    path = str(tmp_path / "a socket")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as one, socket.socket(socket.AF_UNIX) as other:
        listener.bind(path)
        listener.listen(10)
        for visitor in (one, other):
            visitor.connect(path)
        yield listener, path


def test_those_who_wait_are_counted(visitors):
    listener, path = visitors
    assert (waiting(path), waiting(path + "2"), waiting(path[:-1])) == (2, 0, 0)
    with listener.accept()[0]:
        assert waiting(path) == 1
        assert connections(path) == 2


def test_the_socket_stays_until_all_are_taken(visitors):
    listener, path = visitors
    taken = []

    def serve():
        for _ in range(2):
            time.sleep(0.1)
            taken.append(listener.accept()[0])

    thread = threading.Thread(target=serve)
    thread.start()
    let_in(path, 10)
    assert len(taken) == 2
    thread.join()
    for connection in taken:
        connection.close()


def test_and_no_longer_than_it_may(visitors):
    started = time.monotonic()
    let_in(visitors[1], 0.1)
    assert 0.1 <= time.monotonic() - started < 5
    let_in(visitors[1] + "2", 10)
