# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Asks an application whether it answers: over its own socket, or the way its users come in."""
from __future__ import annotations

import contextlib
import http.client
import http.cookies
import re
import socket
import ssl
import threading
import time
import urllib.parse

REDIRECTS = 10


class Probe:
    """One HTTP request and which answers count as healthy.

    A redirect is healthy when it leads somewhere: on the site itself it is followed, with cookies, as a browser does, also to https where that can be asked.
    """

    def __init__(self, path: str, host: str, statuses: list[int], scheme: str, headers: dict | None = None, proxied: bool = False) -> None:
        """:param proxied: whether nginx believes this host when it says over which scheme a visitor came, since TLS ends before it."""
        self.path = path
        self.host = host
        self.statuses = statuses
        self.scheme = scheme
        self.headers = {str(name): str(value) for name, value in (headers or {}).items()}
        self.proxied = proxied

    def _ask(self, connect, schemes: set[str], timeout: float) -> str | None:
        """None when the answer is healthy, else what was wrong with it.

        :param connect: gives a connection, given the seconds that are left.
        :param schemes: those that can be asked by it.
        :param timeout: seconds for the whole, however slowly an answer comes.
        """
        deadline = time.monotonic() + timeout
        scheme, path, way, cookies = self.scheme, self.path, [self.path], http.cookies.SimpleCookie()
        while True:
            left = deadline - time.monotonic()
            trouble, target = ("no answer within %.3g s" % timeout, None) if left <= 0 else self._ask_once(connect(left), scheme, path, cookies, left)
            if trouble:
                return trouble + (", after the redirects %s" % " -> ".join(way) if way[1:] else "")
            step = self._on_this_site(scheme, path, target, schemes)
            if step is None:
                return None
            if len(way) > REDIRECTS:
                return (
                    "it redirects for ever (%s -> ...). When it redirects to https, the project needs SECURE_PROXY_SSL_HEADER = "
                    "('HTTP_X_FORWARDED_PROTO', 'https'); else name a page that answers in django_app_health_path" % " -> ".join(way[:3])
                )
            way.append(step[1] if step[0] == scheme else "%s://%s%s" % (step[0], self.host, step[1]))
            scheme, path = step

    def _on_this_site(self, scheme: str, path: str, target: str | None, schemes: set[str]) -> tuple[str, str] | None:
        """The scheme and path that a redirect leads to; None when it leads away."""
        if not target:
            return None
        there = urllib.parse.urlsplit(urllib.parse.urljoin("%s://%s%s" % (scheme, self.host, path), target))
        if there.scheme not in schemes or there.hostname != self.host.partition(":")[0].lower():
            return None
        return there.scheme, urllib.parse.urlunsplit(("", "", there.path or "/", there.query, ""))

    def _ask_once(
        self, connection: http.client.HTTPConnection, scheme: str, path: str, cookies: http.cookies.SimpleCookie, left: float
    ) -> tuple[str | None, str | None]:
        """What was wrong with the answer, if anything was, and where it redirects to, if it does."""
        headers = {"Host": self.host, "X-Forwarded-Proto": scheme, "X-Forwarded-For": "127.0.0.1", "User-Agent": "django-ansible-deploy", "Connection": "close", **self.headers}
        if cookies:
            headers["Cookie"] = "; ".join("%s=%s" % (name, cookie.coded_value) for name, cookie in cookies.items())
        held, late = None, threading.Event()
        cut = threading.Timer(left, lambda: (late.set(), end(held)))
        cut.daemon = True
        try:
            connection.connect()
            held = connection.sock
            cut.start()
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if late.is_set():
                raise TimeoutError
            # Behind a redirect only the application's own error counts: the page may be one that nginx serves.
            limit = 400 if path == self.path and scheme == self.scheme else 500
            if answer.status in self.statuses if self.statuses else 200 <= answer.status < limit:
                for cookie in answer.headers.get_all("Set-Cookie", []):
                    cookies.load(cookie)
                return None, answer.headers["Location"] if not self.statuses and 300 <= answer.status < 400 else None
            body = first_of(answer).decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as error:
            return "no answer (%s)" % ("not whole after %.3g s" % left if late.is_set() else error or type(error).__name__), None
        finally:
            cut.cancel()
            connection.close()
        hint = "; does ALLOWED_HOSTS contain %s?" % self.host if answer.status == 400 else ""
        return "status %d: %s%s" % (answer.status, words_of(body), hint), None

    def over_socket(self, path: str, timeout: float) -> str | None:
        # What ends TLS before the application says so in a header, as the probe does.
        return self._ask(lambda left: UnixConnection(path, left), {self.scheme, "https"}, timeout)

    def through_nginx(self, timeout: float) -> str | None:
        if self.scheme == "https":
            return self.at("127.0.0.1", 443, timeout)
        return self.at("127.0.0.1", 80, timeout)

    def at(self, address: str, port: int, timeout: float) -> str | None:
        """Asks at an address in the site's name."""
        if self.scheme == "https":
            return self._ask(lambda left: UnjudgedTlsConnection(address, port, self.host.partition(":")[0], left), {"https"}, timeout)
        return self._ask(lambda left: http.client.HTTPConnection(address, port, timeout=left), {"http", "https"} if self.proxied else {"http"}, timeout)


def end(held: socket.socket) -> None:
    """Wakes whoever reads from a connection."""
    with contextlib.suppress(OSError):
        held.shutdown(socket.SHUT_RDWR)


def words_of(body: str) -> str:
    """What a body says in a line: the title of a page, else its first line."""
    title = re.search(r"<title>([^<]{1,200})</title>", body, re.IGNORECASE)
    said = title.group(1).split() if title else body.strip().partition("\n")[0].split()
    return " ".join(said)[:200] or "(empty body)"


def first_of(answer: http.client.HTTPResponse) -> bytes:
    """The beginning of a body, or what came of it."""
    try:
        return answer.read(2048)
    except http.client.IncompleteRead as error:
        return error.partial


class Probes:
    """Several requests, all of which have to be answered, each within *seconds*."""

    def __init__(self, probes: list[Probe], seconds: float) -> None:
        self.probes = probes
        self.seconds = seconds

    def _first_trouble(self, ask, timeout: float) -> str | None:
        deadline = time.monotonic() + timeout
        for probe in self.probes:
            trouble = ask(probe, min(deadline - time.monotonic(), self.seconds))
            if trouble:
                return trouble if probe is self.probes[0] else "%s: %s" % (probe.path, trouble)
        return None

    def over_socket(self, path: str, timeout: float) -> str | None:
        return self._first_trouble(lambda probe, seconds: probe.over_socket(path, seconds), timeout)

    def through_nginx(self, timeout: float) -> str | None:
        return self._first_trouble(lambda probe, seconds: probe.through_nginx(seconds), timeout)


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class UnjudgedTlsConnection(http.client.HTTPConnection):
    """To an address of this host in the site's name. The certificate is not judged: it may be one that only the outside trusts."""

    def __init__(self, address: str, port: int, name: str, timeout: float) -> None:
        super().__init__(address, port, timeout=timeout)
        self._name = name

    def connect(self) -> None:
        super().connect()
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock, server_hostname=self._name)


def wait_until_healthy(ask, given_up, timeout: float) -> str | None:
    """Repeats *ask* (which gets the seconds that are left) until it is content, *given_up* says there is no hope, or *timeout* seconds are over."""
    deadline = time.monotonic() + timeout
    pause = 0.05
    while True:
        left = deadline - time.monotonic()
        trouble = ask(max(left, 1.0))
        if trouble is None or left <= 0 or given_up():
            return trouble
        time.sleep(min(pause, max(left, 0)))
        pause = min(pause * 1.5, 1.0)
