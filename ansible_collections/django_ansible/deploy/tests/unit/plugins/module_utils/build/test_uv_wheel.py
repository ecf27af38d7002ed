"""uv from a package index, where the host has no pip yet."""
from __future__ import annotations

import hashlib
import http.server
import io
import os
import threading
import zipfile

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import builder, uv, uv_wheel
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


def wheel(program: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("uv-%s.data/scripts/uv" % uv.VERSION, program)
    return content.getvalue()


@pytest.fixture
def index(monkeypatch):
    """A package index: what it has at each path, its pinned checksum, and which paths it was asked for."""

    class Index:
        content = wheel(b"#!/bin/sh\necho uv\n")
        pinned = hashlib.sha256(content).hexdigest()
        asked: list = []
        speaks_http = True
        link = "../../files/uv-0-py3-none-manylinux_2_17_%s.whl#sha256=%s" % (os.uname().machine, pinned)
        page = '<a href="../../files/uv-0-py3-none-manylinux_2_17_elsewhere.whl#sha256=%s">other</a>\n<a data-x="" href="%s">uv</a>' % (pinned, link)

    found = Index()
    found.asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            found.asked.append(self.path)
            if not found.speaks_http:
                self.wfile.write(b"something else\n")
                return
            self.send_response(200)
            self.end_headers()
            self.wfile.write(found.page.encode() if self.path == "/simple/uv/" else found.content)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:%d/simple/" % server.server_port)
    monkeypatch.setattr(uv_wheel, "SETTINGS", ())
    monkeypatch.setattr(uv, "HASHES", (found.pinned,))
    yield found
    server.shutdown()
    server.server_close()
    thread.join()


def test_it_is_placed_where_everyone_reaches_it(index, tmp_path):
    assert uv.fetch_uv(str(tmp_path)) == uv.find_uv(str(tmp_path))
    assert index.asked == ["/simple/uv/", "/files/uv-0-py3-none-manylinux_2_17_%s.whl" % os.uname().machine]
    assert os.listdir(tmp_path) == ["uv-" + uv.VERSION]


def test_what_has_another_checksum_than_the_pinned_one_is_never_used(index, tmp_path):
    index.content = wheel(b"something else")
    assert uv.fetch_uv(str(tmp_path)) is None
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("page", ["", '<a href="uv.whl">no checksum</a>', '<a href="uv-0-py3-none-manylinux_2_17_x86_64.whl#sha256=%s">not pinned</a>' % ("0" * 64)])
def test_an_index_that_does_not_name_it_is_left_to_pip(index, tmp_path, page):
    index.page = page
    assert uv.fetch_uv(str(tmp_path)) is None
    assert len(index.asked) == 1


@pytest.mark.parametrize("content", [b"no archive", b""])
def test_an_archive_that_is_none_is_left_to_pip(index, tmp_path, monkeypatch, content):
    index.content = content
    index.page = index.page.replace(index.pinned, hashlib.sha256(content).hexdigest())
    monkeypatch.setattr(uv, "HASHES", (hashlib.sha256(content).hexdigest(),))
    assert uv.fetch_uv(str(tmp_path)) is None


def test_an_answer_that_is_no_http_and_an_address_that_is_none_are_left_to_pip(index, tmp_path, monkeypatch):
    index.speaks_http = False
    assert uv.fetch_uv(str(tmp_path)) is None
    monkeypatch.setenv("PIP_INDEX_URL", "https://[mirror/simple")
    assert uv.fetch_uv(str(tmp_path)) is None


@pytest.mark.parametrize("setting", ["PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_CONFIG_FILE", "PIP_TRUSTED_HOST"])
def test_any_other_setting_of_pips_is_left_to_pip(index, tmp_path, monkeypatch, setting):
    monkeypatch.setenv(setting, "something")
    assert uv.fetch_uv(str(tmp_path)) is None
    assert index.asked == []


def test_a_file_of_pips_settings_and_a_password_in_the_address_are_left_to_pip(monkeypatch, tmp_path):
    assert uv_wheel.index_of({"PIP_INDEX_URL": "https://user:password@mirror.example/simple"}) is None
    assert uv_wheel.index_of({"PIP_INDEX_URL": "file:///srv/mirror"}) is None
    monkeypatch.setattr(uv_wheel, "SETTINGS", ())
    assert uv_wheel.index_of({}) == uv_wheel.INDEX
    (tmp_path / "pip.conf").write_text("")
    monkeypatch.setattr(uv_wheel, "SETTINGS", (str(tmp_path / "pip.conf"),))
    assert uv_wheel.index_of({}) is None


@pytest.mark.parametrize("comes", [True, False])
def test_pip_is_waited_for_only_where_uv_does_not_come_without_it(monkeypatch, comes):
    events: list[str] = []

    class Beside:
        missing = ("nginx", "python3-pip")

        def wait(self):
            events.append("wait")

    monkeypatch.setattr(uv, "find_uv", lambda _: None)
    monkeypatch.setattr(uv, "fetch_uv", lambda _: "/fetched" if comes else None)
    monkeypatch.setattr(uv, "install_uv", lambda _: events.append("pip") or "/by-pip")
    mine = builder.Builder("shop", "", {})
    mine.beside = Beside()
    assert mine.uv("/tools") == ("/fetched" if comes else "/by-pip")
    assert events == ([] if comes else ["wait", "pip"])
    mine.beside.missing = ("nginx",)
    events.clear()
    assert mine.uv("/tools") == "/by-pip"
    assert events == ["pip"]


def test_a_pip_that_cannot_be_installed_is_said(monkeypatch):
    class Beside:
        missing = ("python3-pip",)

        def wait(self):
            raise CommandFailed("apt-get ended with 100")

    monkeypatch.setattr(uv, "find_uv", lambda _: None)
    monkeypatch.setattr(uv, "fetch_uv", lambda _: None)
    mine = builder.Builder("shop", "", {})
    mine.beside = Beside()
    with pytest.raises(CommandFailed, match="ended with 100"):
        mine.uv("/tools")
