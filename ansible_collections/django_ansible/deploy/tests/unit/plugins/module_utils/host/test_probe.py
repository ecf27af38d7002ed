from __future__ import annotations

import socketserver
import threading
import time
from http.server import BaseHTTPRequestHandler

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.probe import Probe, Probes, wait_until_healthy


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    status, body = 200, b"ok"

    def __init__(self, *args):
        super().__init__(*args)
        #: By path: status and headers of what is not answered as all others are.
        self.answers = {}
        self.asked = []


class Handler(BaseHTTPRequestHandler):
    def address_string(self):
        return "unix"

    def log_message(self, *args):
        pass

    def do_GET(self):
        self.server.seen = (self.path, self.headers["Host"], self.headers["X-Forwarded-Proto"])
        self.server.asked.append((self.path, self.headers["Cookie"]))
        self.send_response(self.server.answers.get(self.path, (self.server.status,))[0])
        for name, value in self.server.answers.get(self.path, (0, {}))[1].items():
            self.send_header(name, value)
        body = b"" if "Location" in self.server.answers.get(self.path, (0, {}))[1] else self.server.body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def server(tmp_path):
    with UnixServer(str(tmp_path / "app.sock"), Handler) as made:
        threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield made
        made.shutdown()


def ask(server, statuses=()):
    return Probe("/healthz", "www.example.com", list(statuses), "https").over_socket(server.server_address, 5)


def test_request_is_one_that_django_accepts(server):
    assert ask(server) is None
    assert server.seen == ("/healthz", "www.example.com", "https")


@pytest.mark.parametrize(("status", "statuses", "healthy"), [(200, [], True), (302, [], True), (404, [], False), (500, [], False), (302, [200], False), (401, [401], True)])
def test_status_decides(server, status, statuses, healthy):
    server.status = status
    assert (ask(server, statuses) is None) is healthy


def test_redirect_on_the_site_is_followed_as_a_browser_does(server):
    server.answers = {
        "/healthz": (302, {"Location": "/welcome", "Set-Cookie": "seen=1; Path=/"}),
        "/welcome": (301, {"Location": "https://www.example.com/start?x=1"}),
    }
    assert ask(server) is None
    assert server.asked == [("/healthz", None), ("/welcome", "seen=1"), ("/start?x=1", "seen=1")]


@pytest.mark.parametrize("location", ["http://www.example.com/healthz", "https://login.example.com/healthz"])
def test_redirect_that_leads_away_is_an_answer(server, location):
    server.answers = {"/healthz": (302, {"Location": location})}
    assert ask(server) is None
    assert len(server.asked) == 1


@pytest.mark.parametrize(("status", "trouble"), [(200, None), (500, "status 500: ok, after the redirects /healthz -> https://www.example.com/healthz")])
def test_redirect_to_https_is_followed_as_what_ends_tls_would_ask(server, status, trouble):
    class ByScheme(Handler):
        def do_GET(self):
            over_tls = self.headers["X-Forwarded-Proto"] == "https"
            self.server.answers = {"/healthz": (status, {}) if over_tls else (301, {"Location": "https://www.example.com/healthz"})}
            super().do_GET()

    server.RequestHandlerClass = ByScheme
    assert Probe("/healthz", "www.example.com", [], "http").over_socket(server.server_address, 5) == trouble


def test_redirect_that_was_to_https_for_ever_names_the_cause(server):
    server.answers = {"/healthz": (301, {"Location": "https://www.example.com/healthz"})}
    assert "SECURE_PROXY_SSL_HEADER" in Probe("/healthz", "www.example.com", [], "http").over_socket(server.server_address, 5)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n"])
def test_answer_that_trickles_is_cut_at_the_deadline(server, head):
    class Slow(Handler):
        def do_GET(self):
            self.wfile.write(head)
            for number in range(100):
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.1)

    server.RequestHandlerClass = Slow
    start = time.monotonic()
    trouble = Probe("/healthz", "www.example.com", [], "http").over_socket(server.server_address, 1)
    assert time.monotonic() - start < 5
    assert ("no answer (not whole after" if b"200" in head else "status 500: xxx") in trouble


def test_several_probes_have_one_deadline(server):
    class Silent(Handler):
        def do_GET(self):
            time.sleep(0.8)
            super().do_GET()

    server.RequestHandlerClass = Silent
    start = time.monotonic()
    probes = Probes([Probe("/%d" % number, "localhost", [], "http") for number in range(5)], 10)
    assert "/1: no answer" in probes.over_socket(server.server_address, 1.2)
    assert time.monotonic() - start < 3


def test_redirect_for_ever_is_named_with_its_usual_cause(server):
    server.answers = {"/healthz": (301, {"Location": "https://www.example.com/healthz"})}
    assert "redirects for ever (/healthz -> /healthz" in ask(server)
    assert "SECURE_PROXY_SSL_HEADER" in ask(server)


@pytest.mark.parametrize(("status", "trouble"), [(500, "status 500: ok, after the redirects /healthz -> /start"), (404, None)])
def test_behind_a_redirect_only_the_applications_own_error_counts(server, status, trouble):
    server.answers = {"/healthz": (302, {"Location": "/start"}), "/start": (status, {})}
    assert ask(server) == trouble


def test_redirect_that_is_asked_for_is_not_followed(server):
    server.answers = {"/healthz": (301, {"Location": "/healthz"})}
    assert ask(server, [301]) is None


def test_answer_is_told_with_the_first_line_of_its_body(server):
    server.status, server.body = 500, b"  Server   Error\nmore"
    assert ask(server) == "status 500: Server Error"


def test_page_is_told_by_its_title(server):
    server.status, server.body = 500, b"\n<!doctype html>\n<html lang=en>\n<head>\n  <title>\n Server Error (500) </title>\n</head>"
    assert ask(server) == "status 500: Server Error (500)"


def test_refused_host_gets_a_hint(server):
    server.status, server.body = 400, b""
    assert "does ALLOWED_HOSTS contain www.example.com?" in ask(server)


def test_missing_socket_is_no_answer(tmp_path):
    assert "no answer" in Probe("/", "localhost", [], "http").over_socket(str(tmp_path / "none.sock"), 1)


def test_waiting_ends_when_there_is_no_hope():
    asked = []
    assert wait_until_healthy(lambda left: asked.append(left) or "down", lambda: len(asked) >= 3, 60) == "down"
    assert len(asked) == 3


def test_waiting_ends_with_the_first_good_answer():
    answers = iter(["down", "down", None])
    assert wait_until_healthy(lambda left: next(answers), lambda: False, 60) is None
