"""Addresses that somebody chose are asked, and whoever answers there can neither keep a deploy waiting nor write into its log."""
from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import notice, watch
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.outside import ask, shown


@pytest.fixture
def stranger():
    """Answers each connection with what it is given: bytes, or a function of the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    made = types.SimpleNamespace(asked=[], answers=[], address="127.0.0.1:%d" % listener.getsockname()[1])

    def serve():
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:
                return
            with caller, contextlib.suppress(OSError):
                made.asked.append(caller.recv(65536))
                answer = made.answers[0] if len(made.answers) == 1 else made.answers.pop(0)
                caller.sendall(answer) if isinstance(answer, bytes) else answer(caller)

    threading.Thread(target=serve, daemon=True).start()
    yield made
    listener.close()


def drip(caller):
    """A header, a byte at a time: no single wait is long."""
    caller.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(200):
        time.sleep(0.1)
        caller.sendall(b"x")


GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def test_a_good_answer_is_one(stranger):
    stranger.answers = [GOOD]
    assert ask("http://%s/up" % stranger.address, 5) is None
    assert stranger.asked[0].startswith(b"GET /up HTTP/1.1\r\n")


def test_an_answer_that_comes_byte_by_byte_has_a_time_for_the_whole(stranger):
    stranger.answers = [drip]
    begun = time.monotonic()
    assert ask("http://%s/" % stranger.address, 1) == "no answer within 1 s"
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"::error::taken over " * 2000 + b"\r\n\r\n", r"no answer in HTTP \(LineTooLong\)|no answer in HTTP \(BadStatusLine\)"),
        (b"::error::taken over\r\n\r\n", r"no answer in HTTP \(BadStatusLine\)"),
        (b"HTTP/1.1 500 ::error::taken over\r\n\r\n", r"status 500"),
        (b"", r"no answer .*"),
    ],
)
def test_nothing_of_what_a_stranger_says_is_shown(stranger, answer, why):
    stranger.answers = [answer]
    trouble = watch.failed_check(["http://%s/up?token=secret" % stranger.address], "django_app_bake_checks")
    assert trouble is not None
    assert "taken over" not in trouble and "secret" not in trouble
    head, _, said = trouble.partition(" of django_app_bake_checks: ")
    assert head == "http://%s/up" % stranger.address
    assert re.fullmatch(why, said)


def test_user_and_password_are_sent_as_such_and_never_shown(stranger):
    stranger.answers = [GOOD, b"HTTP/1.1 503 No\r\n\r\n"]
    address = "http://mona:hunter%%40two@%s/up?token=secret" % stranger.address
    assert ask(address, 5) is None
    assert b"Authorization: Basic bW9uYTpodW50ZXJAdHdv\r\n" in stranger.asked[0]
    assert shown(address) == "http://%s/up" % stranger.address
    assert "hunter" not in (watch.failed_check([address], "django_app_bake_checks") or "hunter")


def test_an_address_that_is_none_says_so_without_showing_it():
    for address in ("http://mona:secret@127.0.0.1:x/", "http://127.0.0.1/secret\x7f", "http://[secret/"):
        assert "secret" not in (ask(address, 5) or "secret")


def test_what_is_posted_is_not_lost_on_a_redirect(stranger, monkeypatch, capsys):
    monkeypatch.setattr(notice, "PAUSE", 0)
    stranger.answers = [b"HTTP/1.1 302 Found\r\nLocation: http://%s/login\r\nContent-Length: 0\r\n\r\n" % stranger.address.encode()]
    assert not notice.send("http://%s/hook" % stranger.address, "app1: shop rolled back")
    assert [request.split()[:2] for request in stranger.asked] == [[b"POST", b"/hook"]] * notice.TRIES
    assert "status 302" in capsys.readouterr().out


def test_a_chat_that_answers_nonsense_does_not_end_who_tells_it(stranger, monkeypatch):
    monkeypatch.setattr(notice, "PAUSE", 0)
    stranger.answers = [b"no such protocol\r\n\r\n"]
    assert not notice.send("http://%s/hook" % stranger.address, "x")


def test_a_redirect_of_what_is_asked_is_followed(stranger):
    stranger.answers = [b"HTTP/1.1 302 Found\r\nLocation: /up/\r\nContent-Length: 0\r\n\r\n", GOOD]
    assert ask("http://%s/up" % stranger.address, 5) is None


def test_a_password_stays_with_the_address_that_it_is_for(stranger):
    stranger.answers = [
        b"HTTP/1.1 302 Found\r\nLocation: /up/\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://localhost:%s/\r\nContent-Length: 0\r\n\r\n" % stranger.address.split(":")[1].encode(), GOOD,
    ]
    assert ask("http://mona:hunter2@%s/up" % stranger.address, 5) is None
    assert [b"Authorization" in request for request in stranger.asked] == [True, True, False]
