# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What this host's nginx can, and who answers there for a name that no site has."""
from __future__ import annotations

import glob
import hashlib
import itertools
import os
import re

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile, read_link, replace_link

NGINX = "/etc/nginx"
# In 1.19.4 nginx learnt to refuse a handshake; without that, a site that has to answer for every name needs a certificate.
REJECTS_HANDSHAKE = (1, 19, 4)
# OpenSSL 3.5 learnt the key exchange that withstands quantum computers.
KNOWS_ML_KEM = (3, 5)
# Before 1.25.1 HTTP/2 belonged to what listens.
HTTP2_BY_SITE = (1, 25, 1)


def has_ipv6() -> bool:
    return os.path.exists("/proc/net/if_inet6")


def resolvers() -> list[str]:
    """The host's DNS servers, as nginx takes them."""
    try:
        with open("/etc/resolv.conf", encoding="utf-8") as file:
            servers = [line.split()[1] for line in file if line.startswith("nameserver") and line.split()[1:]]
    except OSError:
        return []
    return ["[%s]" % server if ":" in server else server for server in servers if "%" not in server]


def suited(site: str) -> str:
    """A site for this host: without what listens on IPv6 where there is none, HTTP/2, key exchange and brotli as this nginx has them, and its DNS servers for C(@resolvers@)."""
    if not has_ipv6():
        site = re.sub(r"^\s*listen \[::\]:.*\n", "", site, flags=re.MULTILINE)
    if "http2 on;" in site and () < version() < HTTP2_BY_SITE:
        site = re.sub(r"^\s*http2 on;\n", "", site, flags=re.MULTILINE)
        site = re.sub(r"^(\s*listen \S*443 ssl)\b", r"\1 http2", site, flags=re.MULTILINE)
    if "X25519MLKEM768:" in site and openssl_version() < KNOWS_ML_KEM:
        site = site.replace("X25519MLKEM768:", "")
    if "brotli_static on;" in site and not glob.glob(os.path.join(NGINX, "modules-enabled", "*brotli-static*")):
        site = re.sub(r"^\s*brotli_static on;\n", "", site, flags=re.MULTILINE)
    if "@resolvers@" not in site:
        return site
    servers = " ".join(resolvers())
    return site.replace("@resolvers@", servers) if servers else re.sub(r"^.*@resolvers@.*\n", "", site, flags=re.MULTILINE)


def catch_all(port: int) -> ManagedFile:
    """The site for all names that no other has. Equal for every application of a host, so that they can share it."""
    tls = port == 443
    lines = [
        "# Ansible managed: requests for a name that no site of this host has",
        "server {",
        *("    listen %s%d%s default_server;" % (address, port, " ssl" if tls else "") for address in ("", "[::]:")),
        "    server_name _;",
        "    ssl_reject_handshake on;" if tls else "    return 444;",
        "}",
    ]
    return ManagedFile(os.path.join(NGINX, "conf.d", "django-ansible-deploy-unknown-%d.conf" % port), suited("\n".join(lines) + "\n"))


def has_default(text: str, port: int) -> bool:
    """Whether a configuration has the site that answers on every address for unknown names."""
    every_address = r"(?:\*:|0\.0\.0\.0:|\[::\]:)?%d" % port
    if port == 80:
        every_address = r"(?:%s|\*|0\.0\.0\.0|\[::\])" % every_address
    return re.search(r"^\s*listen\s+%s\s[^;#]*\bdefault(?:_server)?\b" % every_address, text, re.MULTILINE) is not None


def untouched_welcome_page() -> str | None:
    """The link to the site that Debian's package brings, when nobody has changed that site."""
    link = os.path.join(NGINX, "sites-enabled", "default")
    site = os.path.join(NGINX, "sites-available", "default")
    if not os.path.islink(link) or os.path.realpath(link) != site:
        return None
    try:
        shipped = run(["dpkg-query", "--show", "--showformat", "${Conffiles}\n", "nginx-common"])
        with open(site, "rb") as file:
            digest = hashlib.md5(file.read(), usedforsecurity=False).hexdigest()
    except (CommandFailed, OSError):
        return None
    return link if "%s %s" % (site, digest) in shipped else None


def give_welcome_page_back() -> None:
    """Debian's own site answers again where no other one does."""
    link, site = os.path.join(NGINX, "sites-enabled", "default"), os.path.join(NGINX, "sites-available", "default")
    if os.path.exists(site) and not os.path.lexists(link) and not os.listdir(os.path.dirname(link)):
        replace_link(site, link)


def answers_for_unknown_names(port: int, ours: list[str]) -> bool:
    """Whether a site that is none of *ours* (paths) answers for names that no site has."""
    paths = {os.path.join(NGINX, "nginx.conf"), *glob.glob(os.path.join(NGINX, "sites-enabled", "*")), *glob.glob(os.path.join(NGINX, "conf.d", "*.conf"))}
    skipped = {os.path.realpath(path) for path in ours}
    for path in paths:
        if os.path.realpath(path) not in skipped:
            try:
                with open(path, encoding="utf-8", errors="replace") as file:
                    text = file.read()
            except OSError:
                continue
            if has_default(text, port):
                return True
    return False


def with_refused_line(said: str, folder: str = "") -> str:
    """What C(nginx -t) said, with the line that it names as that stands in the file, which may be put back before anybody can look there.

    :param folder: where nginx's folder was when it said that, if that was another place.
    """
    found = re.search(r" in %s/(\S+):(\d+)$" % re.escape(NGINX), said, re.MULTILINE)
    line = line_of(folder or NGINX, found.group(1), int(found.group(2))) if found else ""
    return "%s\nThat line is: %s" % (said, line) if line else said


def line_of(folder: str, name: str, number: int) -> str:
    """A line of a file below *folder*, where a site is enabled by a link to its file by that one's usual path; empty when there is none."""
    target = os.path.join(NGINX, os.path.dirname(name), read_link(os.path.join(folder, name)) or os.path.basename(name))
    try:
        with open(os.path.join(folder, os.path.relpath(target, NGINX)), encoding="utf-8", errors="replace") as file:
            return next(itertools.islice(file, number - 1, None), "").strip()[:200]
    except OSError:
        return ""


def version() -> tuple[int, ...]:
    """nginx's version; empty when there is no nginx."""
    return told(r"nginx/(\d+)\.(\d+)\.(\d+)")


def openssl_version() -> tuple[int, ...]:
    """That of the OpenSSL that nginx runs with; empty when there is no nginx."""
    return told(r"running with OpenSSL (\d+)\.(\d+)") or told(r"built with OpenSSL (\d+)\.(\d+)")


def told(pattern: str) -> tuple[int, ...]:
    """The numbers that nginx tells of itself in the place of a pattern's groups."""
    try:
        found = re.search(pattern, run(["nginx", "-V"]))
    except CommandFailed:
        return ()
    return tuple(map(int, found.groups())) if found else ()


def plan(ports: list[int], ours: list[ManagedFile]) -> tuple[list[ManagedFile], list[str]]:
    """What has to be written and what removed so that unknown names are refused on *ports*.

    Another site that answers for them stays in charge: then nothing of this collection's may be in its way. *ours* are the files of the
    application's own site, whose new content counts.
    """
    write, remove = [], []
    welcome = untouched_welcome_page()
    for port in ports:
        site = catch_all(port)
        known = [site.path, *(file.path for file in ours), *([welcome] if welcome else [])]
        own_answer = any(has_default(file.content.decode(), port) for file in ours)
        if own_answer or answers_for_unknown_names(port, known):
            remove += [site.path] if os.path.exists(site.path) else []
            if own_answer and welcome and port == 80:
                remove.append(welcome)
        elif port != 443 or version() >= REJECTS_HANDSHAKE:
            write.append(site)
            if welcome and port == 80:
                remove.append(welcome)
    return write, remove
