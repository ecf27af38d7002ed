# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Asks an application whether it answers: over its own socket, or the way its users come in."""
from __future__ import annotations

import http.client
import http.cookies
import socket
import ssl
import time
import urllib.parse

REDIRECTS = 10


class Probe:
    """One HTTP request and which answers count as healthy.

    A redirect is healthy when it leads somewhere: on the site itself it is followed, with cookies, as a browser does.
    """

    def __init__(self, path: str, host: str, statuses: list[int], scheme: str, headers: dict | None = None) -> None:
        self.path = path
        self.host = host
        self.statuses = statuses
        self.scheme = scheme
        self.headers = {str(name): str(value) for name, value in (headers or {}).items()}

    def _ask(self, connect) -> str | None:
        """None when the answer is healthy, else what was wrong with it. *connect* gives a connection."""
        path, way, cookies = self.path, [self.path], http.cookies.SimpleCookie()
        while True:
            trouble, target = self._ask_once(connect(), path, cookies)
            if trouble:
                return trouble + (", after the redirects %s" % " -> ".join(way) if way[1:] else "")
            path = self._on_this_site(path, target)
            if path is None:
                return None
            if len(way) > REDIRECTS:
                return (
                    "it redirects for ever (%s -> ...). When it redirects to https, the project needs SECURE_PROXY_SSL_HEADER = "
                    "('HTTP_X_FORWARDED_PROTO', 'https'); else name a page that answers in django_app_health_path" % " -> ".join(way[:3])
                )
            way.append(path)

    def _on_this_site(self, path: str, target: str | None) -> str | None:
        """The path that a redirect leads to; None when it leads away."""
        if not target:
            return None
        there = urllib.parse.urlsplit(urllib.parse.urljoin("%s://%s%s" % (self.scheme, self.host, path), target))
        if (there.scheme, there.hostname) != (self.scheme, self.host.partition(":")[0].lower()):
            return None
        return urllib.parse.urlunsplit(("", "", there.path or "/", there.query, ""))

    def _ask_once(self, connection: http.client.HTTPConnection, path: str, cookies: http.cookies.SimpleCookie) -> tuple[str | None, str | None]:
        """What was wrong with the answer, if anything was, and where it redirects to, if it does."""
        headers = {"Host": self.host, "X-Forwarded-Proto": self.scheme, "X-Forwarded-For": "127.0.0.1", "User-Agent": "django-ansible-deploy", "Connection": "close", **self.headers}
        if cookies:
            headers["Cookie"] = "; ".join("%s=%s" % (name, cookie.coded_value) for name, cookie in cookies.items())
        try:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            # Behind a redirect only the application's own error counts: the page may be one that nginx serves.
            limit = 400 if path == self.path else 500
            if answer.status in self.statuses if self.statuses else 200 <= answer.status < limit:
                for cookie in answer.headers.get_all("Set-Cookie", []):
                    cookies.load(cookie)
                return None, answer.headers["Location"] if not self.statuses and 300 <= answer.status < 400 else None
            body = answer.read(2048).decode(errors="replace").strip()
        except (OSError, http.client.HTTPException) as error:
            return "no answer (%s)" % (error or type(error).__name__), None
        finally:
            connection.close()
        first_line = " ".join(body.splitlines()[0].split())[:200] if body else "(empty body)"
        hint = "; does ALLOWED_HOSTS contain %s?" % self.host if answer.status == 400 else ""
        return "status %d: %s%s" % (answer.status, first_line, hint), None

    def over_socket(self, path: str, timeout: float) -> str | None:
        return self._ask(lambda: UnixConnection(path, timeout))

    def through_nginx(self, timeout: float) -> str | None:
        if self.scheme == "https":
            return self.at("127.0.0.1", 443, timeout)
        return self.at("127.0.0.1", 80, timeout)

    def at(self, address: str, port: int, timeout: float) -> str | None:
        """Asks at an address in the site's name."""
        if self.scheme == "https":
            return self._ask(lambda: UnjudgedTlsConnection(address, port, self.host.partition(":")[0], timeout))
        return self._ask(lambda: http.client.HTTPConnection(address, port, timeout=timeout))


class Probes:
    """Several requests, all of which have to be answered."""

    def __init__(self, probes: list[Probe]) -> None:
        self.probes = probes

    def _first_trouble(self, ask) -> str | None:
        for probe in self.probes:
            trouble = ask(probe)
            if trouble:
                return trouble if probe is self.probes[0] else "%s: %s" % (probe.path, trouble)
        return None

    def over_socket(self, path: str, timeout: float) -> str | None:
        return self._first_trouble(lambda probe: probe.over_socket(path, timeout))

    def through_nginx(self, timeout: float) -> str | None:
        return self._first_trouble(lambda probe: probe.through_nginx(timeout))


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
