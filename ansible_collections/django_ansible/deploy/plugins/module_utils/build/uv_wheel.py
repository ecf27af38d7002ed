# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""uv's wheel from a package index, for a host whose pip is still being installed.

Only what a bare host has: an index that needs nothing but its address (PEP 503). With any other setting of pip's, pip itself fetches it, and so it does where
this found nothing. What comes is used only with a checksum that is pinned.
"""
from __future__ import annotations

import hashlib
import html
import http.client
import io
import os
import re
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Collection, Mapping

INDEX = "https://pypi.org/simple"
LINK = re.compile(r"""<a\s[^>]*?href=["']([^"'#]+)#sha256=([0-9a-f]{64})["']""")
SETTINGS = ("/etc/pip.conf", "/etc/xdg/pip/pip.conf", "~/.pip/pip.conf", "~/.config/pip/pip.conf")
TIMEOUT = 15  # seconds without an answer
LARGEST = 64 << 20  # bytes


def index_of(environment: Mapping[str, str]) -> str | None:
    """The package index of a host; None where more than its address has to be known."""
    settings = {name for name in environment if name.startswith("PIP_") and name not in ("PIP_INDEX_URL", "PIP_DISABLE_PIP_VERSION_CHECK")}
    index = environment.get("PIP_INDEX_URL") or INDEX
    address = urllib.parse.urlsplit(index)
    if settings or address.scheme not in ("http", "https") or "@" in address.netloc or any(os.path.exists(os.path.expanduser(path)) for path in SETTINGS):
        return None
    return index.rstrip("/")


def link_of(page: str, base: str, machine: str, hashes: Collection[str]) -> tuple[str, str] | None:
    """The address and the checksum of a wheel for this processor and glibc, of those that are pinned."""
    for address, checksum in LINK.findall(page):
        name = os.path.basename(urllib.parse.urlsplit(address).path)
        if checksum in hashes and "manylinux" in name and machine in name:
            return urllib.parse.urljoin(base, html.unescape(address)), checksum
    return None


def _read(address: str) -> bytes:
    request = urllib.request.Request(address, headers={"Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
        return answer.read(LARGEST)


def fetch(version: str, hashes: Collection[str], environment: Mapping[str, str]) -> bytes | None:
    """The program of a wheel; None where it was not found this way, for whatever reason.

    :param hashes: SHA-256 of the wheels that may be used.
    """
    try:
        index = index_of(environment)
        if index is None:
            return None
        base = index + "/uv/"
        found = link_of(_read(base).decode(errors="replace"), base, os.uname().machine, hashes)
        if found is None:
            return None
        wheel = _read(found[0])
        if hashlib.sha256(wheel).hexdigest() != found[1]:
            return None
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            return archive.read("uv-%s.data/scripts/uv" % version)
    except (OSError, ValueError, KeyError, http.client.HTTPException, zipfile.BadZipFile):
        return None
