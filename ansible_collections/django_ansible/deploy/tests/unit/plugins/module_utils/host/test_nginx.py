from __future__ import annotations

import hashlib

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import nginx
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile

WELCOME = "server {\n    listen 80 default_server;\n}\n"


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host with nginx as Debian's package leaves it."""
    for folder in ("conf.d", "sites-available", "sites-enabled"):
        (tmp_path / folder).mkdir()
    (tmp_path / "nginx.conf").write_text("http {}\n")
    (tmp_path / "sites-available/default").write_text(WELCOME)
    (tmp_path / "sites-enabled/default").symlink_to(tmp_path / "sites-available/default")
    shipped = " %s %s\n" % (tmp_path / "sites-available/default", hashlib.md5(WELCOME.encode()).hexdigest())
    monkeypatch.setattr(nginx, "NGINX", str(tmp_path))
    monkeypatch.setattr(nginx, "run", lambda argv: shipped if argv[0] == "dpkg-query" else "nginx version: nginx/1.22.1\n")
    return tmp_path


def own(host, listen="80"):
    return [ManagedFile(str(host / "sites-available/mysite"), "server {\n    listen %s;\n}\n" % listen)]


def planned(host, ports=(80,), ours=None):
    write, remove = nginx.plan(list(ports), ours or own(host))
    return [file.path for file in write], remove


def test_debians_welcome_page_gives_way(host):
    assert planned(host) == ([str(host / "conf.d/django-ansible-deploy-unknown-80.conf")], [str(host / "sites-enabled/default")])


def test_once_done_it_is_planned_alike(host):
    write, _ = nginx.plan([80], own(host))
    write[0].write()
    (host / "sites-enabled/default").unlink()
    again, remove = nginx.plan([80], own(host))
    assert ([file.differs() for file in again], remove) == ([False], [])


def test_a_welcome_page_that_somebody_changed_stays_in_charge(host):
    (host / "sites-available/default").write_text(WELCOME + "# mine\n")
    assert planned(host) == ([], [])


def test_another_site_that_answers_for_all_stays_in_charge(host):
    (host / "sites-enabled/default").unlink()
    (host / "conf.d/other.conf").write_text("server { }\nserver {\n  listen [::]:80 default_server;\n}\n")
    assert planned(host) == ([], [])
    assert planned(host, [443, 80])[0] == [str(host / "conf.d/django-ansible-deploy-unknown-443.conf")]


def test_a_later_site_that_answers_for_all_takes_over(host):
    mine = host / "conf.d/django-ansible-deploy-unknown-80.conf"
    mine.write_text(WELCOME)
    (host / "conf.d/other.conf").write_text(WELCOME)
    assert planned(host) == ([], [str(mine)])


def test_a_site_of_ones_own_that_is_named_underscore_answers_for_all(host):
    assert planned(host, ours=own(host, "80 default_server")) == ([], [str(host / "sites-enabled/default")])


def test_an_nginx_that_cannot_refuse_a_handshake_is_left_alone(host, monkeypatch):
    monkeypatch.setattr(nginx, "version", lambda: (1, 18, 0))
    assert planned(host, [443])[0] == []


@pytest.mark.parametrize(
    ("line", "port", "answers"),
    [
        ("listen 80 default_server;", 80, True), ("listen *:80 default;", 80, True), ("listen [::]:80 ipv6only=on default_server;", 80, True),
        ("listen 0.0.0.0 default_server;", 80, True), ("listen 443 ssl default_server;", 443, True), ("listen 8080 default_server;", 80, False),
        ("listen 80;", 80, False), ("# listen 80 default_server;", 80, False), ("listen 127.0.0.1:80 default_server;", 80, False),
    ],
)
def test_what_answers_for_every_name(line, port, answers):
    assert nginx.has_default("server {\n    %s\n}\n" % line, port) is answers


SITE = "server {\n    listen 80;\n    listen [::]:80;\n        resolver @resolvers@;\n    server_name a;\n}\n"


def test_a_site_asks_of_a_host_only_what_it_has(monkeypatch):
    monkeypatch.setattr(nginx, "has_ipv6", lambda: False)
    monkeypatch.setattr(nginx, "resolvers", list)
    assert nginx.suited(SITE) == "server {\n    listen 80;\n    server_name a;\n}\n"
    monkeypatch.setattr(nginx, "has_ipv6", lambda: True)
    monkeypatch.setattr(nginx, "resolvers", lambda: ["192.0.2.53", "[2001:db8::53]"])
    assert nginx.suited(SITE) == SITE.replace("@resolvers@", "192.0.2.53 [2001:db8::53]")


TLS_SITE = "server {\n    listen 443 ssl default_server;\n    listen [::]:443 ssl;\n    http2 on;\n    location /static/ {\n        brotli_static on;\n    }\n}\n"


@pytest.mark.parametrize(("version", "by_site"), [("1.22.1", False), ("1.25.1", True), ("1.26.3", True)])
def test_each_nginx_gets_http2_in_its_own_way(host, monkeypatch, version, by_site):
    monkeypatch.setattr(nginx, "has_ipv6", lambda: True)
    monkeypatch.setattr(nginx, "run", lambda argv: "nginx version: nginx/%s\n" % version)
    found = nginx.suited(TLS_SITE)
    assert ("http2 on;" in found) is by_site
    assert ("listen 443 ssl http2 default_server;" in found and "listen [::]:443 ssl http2;" in found) is not by_site


@pytest.mark.parametrize(
    ("said", "knows"),
    [("built with OpenSSL 3.0.17", False), ("built with OpenSSL 3.0.17\nrunning with OpenSSL 3.5.1", True), ("built with OpenSSL 3.5.4 30 Sep 2025", True), ("", False)],
)
def test_each_openssl_gets_the_key_exchange_that_it_knows(host, monkeypatch, said, knows):
    monkeypatch.setattr(nginx, "run", lambda argv: said)
    found = nginx.suited("ssl_ecdh_curve X25519MLKEM768:X25519:prime256v1;\n")
    assert found == "ssl_ecdh_curve %sX25519:prime256v1;\n" % ("X25519MLKEM768:" if knows else "")


@pytest.mark.parametrize("there", [True, False])
def test_brotli_is_used_where_nginx_has_its_module(host, there):
    (host / "modules-enabled").mkdir()
    if there:
        (host / "modules-enabled/50-mod-http-brotli-static.conf").write_text("")
    assert ("brotli_static on;" in nginx.suited(TLS_SITE)) is there


def test_a_refused_line_is_shown_as_it_stands(host):
    site = host / "sites-enabled/mysite"
    site.write_text("server {\n    listen 80;\n    wrong on;\n}\n")
    said = 'nginx: [emerg] unknown directive "wrong" in %s:3\nnginx: configuration file x test failed' % site
    assert nginx.with_refused_line(said) == said + "\nThat line is: wrong on;"
    for said in ("nginx: [emerg] no names", "[emerg] x in /etc/shadow:1", "[emerg] x in %s:99" % site, "[emerg] x in %s/gone:1" % host):
        assert nginx.with_refused_line(said) == said
