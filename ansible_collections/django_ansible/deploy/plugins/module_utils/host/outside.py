# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Asks an address on the network that somebody chose, such as that of a monitoring or of a chat.

Whoever answers there is a stranger, and the address may hold a secret: an answer has a time for the whole, however slowly it comes, and what is said of it
has neither the address nor words of the answer.
"""
from __future__ import annotations

import base64
import http.client
import threading
import urllib.error
import urllib.parse
import urllib.request

LONGEST_TROUBLE = 200


class Guarded(urllib.request.HTTPRedirectHandler):
    """A password is for the address that it was given with, and for no other that this one names."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made is not None and (made.type, made.host) != (req.type, req.host):
            made.remove_header("Authorization")
        return made


class Unmoved(urllib.request.HTTPRedirectHandler):
    """What is posted would be lost: a redirect is followed without it."""

    def redirect_request(self, req, fp, code, msg, headers, newurl):
        return None


def ask(address: str, seconds: float, body: bytes | None = None) -> str | None:
    """Gets an address, or posts JSON to it.

    :param address: may have a user and a password before the host, which are sent as such.
    :param seconds: for the whole.
    :param body: what is posted; without one, redirects are followed.
    :returns: None when it answers with a status below 400 (with a body, 300); else what was wrong.
    """
    said: list[str | None] = []

    def open_it() -> None:
        said.append(_open(address, seconds, body))

    # A name may take longer to be looked up than any connection, and an answer may come byte by byte.
    thread = threading.Thread(target=open_it, daemon=True)
    thread.start()
    thread.join(seconds)
    return said[0] if said else "no answer within %g s" % seconds


def _open(address: str, seconds: float, body: bytes | None) -> str | None:
    try:
        where, headers = _split(address)
        if body is not None:
            headers["Content-Type"] = "application/json"
        opener = urllib.request.build_opener(Guarded if body is None else Unmoved)
        with opener.open(urllib.request.Request(where, body, headers), timeout=seconds):
            return None
    except urllib.error.HTTPError as error:
        error.close()
        return "status %d" % error.code
    except (http.client.HTTPException, ValueError) as error:
        return "no answer in HTTP (%s)" % type(error).__name__
    except OSError as error:
        return "no answer (%s)" % str(getattr(error, "reason", "") or error)[:LONGEST_TROUBLE]


def _split(address: str) -> tuple[str, dict]:
    """An address without user and password, and the header that says them."""
    parts = urllib.parse.urlsplit(address)
    login, found, host = parts.netloc.rpartition("@")
    if not found:
        return address, {}
    token = base64.b64encode(urllib.parse.unquote_to_bytes(login)).decode()
    return urllib.parse.urlunsplit(parts._replace(netloc=host)), {"Authorization": "Basic " + token}


def shown(address: str) -> str:
    """What of an address may be shown: no user, password or query."""
    parts = address.partition("?")[0].partition("://")
    host, slash, path = parts[2].partition("/")
    return parts[0] + parts[1] + host.rpartition("@")[2] + slash + path
