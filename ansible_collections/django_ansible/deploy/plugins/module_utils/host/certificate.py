# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A certificate from an ACME authority for one name on several hosts, renewed on the hosts themselves.

The fleet's first host asks for it with certbot; nginx of every other host passes the authority's challenges on to it. The others fetch the
certificate and its key from that host over plain HTTP, signed by it and encrypted for the keys of exactly these hosts.

Hosts run this file as a program, by a timer: only the standard library, openssl, certbot and nginx.
"""
from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
import urllib.request

DIRECTORIES = {
    "production": "https://acme-v02.api.letsencrypt.org/directory",
    "staging": "https://acme-staging-v02.api.letsencrypt.org/directory",
}
# Where the first host gives the certificate to the others, below its webroot.
SHARE = ".well-known/django-ansible-deploy"
TOO_LARGE = 1 << 20
NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]


class CertificateError(Exception):
    """What stands in the way of a certificate, in words for people."""


def command(argv: list[str], *, data: bytes | None = None, env: dict | None = None) -> bytes:
    """Runs a command and returns what it printed.

    :raises CertificateError: with its last words.
    """
    try:
        done = subprocess.run(argv, input=data, env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=600)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CertificateError("%s did not run: %s" % (argv[0], error)) from error
    if done.returncode:
        said = (done.stderr + done.stdout).decode(errors="replace").strip().splitlines()
        raise CertificateError("%s failed: %s" % (" ".join(argv[:2]), " ".join(line.strip() for line in said[-12:])))
    return done.stdout


def put(path: str, content: bytes, mode: int = 0o600) -> None:
    """Writes a file whole or not at all."""
    partial = "%s.%d.new" % (path, os.getpid())
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
        file.write(content)
        os.fchmod(file.fileno(), mode)
        file.flush()
        os.fsync(file.fileno())
    os.rename(partial, path)


def read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return b""


class Certificate:
    """A host's certificate, as its configuration says it should be.

    :param config: ``app_name``, ``names``, ``directory`` (URL), ``email``, ``ca`` (path of a CA bundle for that URL, or empty), ``issuer``
        (address of the host that asks for the certificate; empty on that host itself), ``folder`` and ``webroot``.
    """

    def __init__(self, config: dict) -> None:
        self.config = config
        self.folder = config["folder"]
        # Key and chain in one file, so that nginx never sees one without the other.
        self.path = os.path.join(self.folder, "certificate.pem")
        self.identity = os.path.join(self.folder, "identity.pem")
        self.identity_key = os.path.join(self.folder, "identity.key")
        self.issuer_identity = os.path.join(self.folder, "issuer.pem")
        self.peers = os.path.join(self.folder, "peers")
        self.share = os.path.join(config["webroot"], SHARE, config["app_name"])

    # What is there.

    def about(self) -> dict:
        """`names`, `self_signed`, `days` that it is still valid; empty when there is none."""
        text = read(self.path)
        return describe(text) if text else {}

    def serves(self) -> bool:
        """Whether an authority's certificate for these names is in place and valid."""
        found = self.about()
        return bool(found) and not found["self_signed"] and found["days"] > 0 and set(self.config["names"]) <= set(found["names"])

    # What makes nginx start.

    def sign_self(self) -> None:
        """Puts a self-signed certificate in place, with which nginx starts until the authority's comes."""
        with tempfile.TemporaryDirectory() as folder:
            key = os.path.join(folder, "key.pem")
            names = ",".join("DNS:%s" % name for name in self.config["names"])
            made = command([
                "openssl", "req", "-x509", *NEW_KEY, "-days", "365", "-keyout", key,
                "-subj", "/CN=%s" % self.config["names"][0][:64], "-addext", "subjectAltName=%s" % names,
            ])
            put(self.path, read(key) + made)

    def make_identity(self) -> None:
        """Makes the key with which this host signs or reads what hosts give each other."""
        with tempfile.TemporaryDirectory() as folder:
            key = os.path.join(folder, "key.pem")
            made = command(["openssl", "req", "-x509", *NEW_KEY, "-days", "36500", "-keyout", key, "-subj", "/CN=%s" % self.config["app_name"]])
            put(self.identity_key, read(key))
            put(self.identity, made, 0o644)

    # The way to a certificate.

    def renew(self) -> bool:
        """Asks for the certificate or fetches it, as far as it is due. Tells whether nginx got another one."""
        if self.config["issuer"]:
            return self.install(self.fetch())
        live = self.ask()
        changed = self.install(read(os.path.join(live, "privkey.pem")) + read(os.path.join(live, "fullchain.pem")))
        self.publish()
        return changed

    def ask(self) -> str:
        """Has certbot ask for the certificate if it is due, and returns the folder in which it is. The account's key is kept."""
        # Each authority has a folder of its own: a certificate for trying out must not count for the real one.
        home = os.path.join(self.folder, "acme", re.sub(r"[^A-Za-z0-9.-]+", "-", self.config["directory"].partition("://")[2]).strip("-"))
        argv = [
            "certbot", "certonly", "--non-interactive", "--agree-tos", "--keep-until-expiring", "--renew-with-new-domains", "--key-type", "ecdsa",
            "--server", self.config["directory"], "--cert-name", self.config["app_name"], "--webroot", "--webroot-path", self.config["webroot"],
            "--config-dir", home, "--work-dir", os.path.join(home, "work"), "--logs-dir", os.path.join(home, "logs"),
            *(["--email", self.config["email"], "--no-eff-email"] if self.config["email"] else ["--register-unsafely-without-email"]),
        ]
        for name in self.config["names"]:
            argv += ["--domain", name]
        env = {"REQUESTS_CA_BUNDLE": self.config["ca"]} if self.config["ca"] else None
        try:
            command(argv, env=env)
        except CertificateError as error:
            # An authority that answers may still refuse a request for once (a nonce that it forgot, a busy server), of which certbot 2.1 says
            # no more than "can't set attribute". Challenges that failed are not tried again: Let's Encrypt allows five an hour.
            if "Requesting a certificate" not in str(error) or "challenges have failed" in str(error):
                raise
            time.sleep(2)
            command(argv, env=env)
        return os.path.join(home, "live", self.config["app_name"])

    def install(self, text: bytes) -> bool:
        """Gives nginx a certificate, unless that one is there already. What nginx has stays when this one is not fit."""
        before = read(self.path)
        if text == before:
            return False
        check(text, self.config["names"])
        put(self.path, text)
        try:
            command(["nginx", "-t"])
        except CertificateError:
            put(self.path, before)
            raise
        if subprocess.run(["systemctl", "is-active", "--quiet", "nginx.service"], check=False).returncode == 0:
            command(["systemctl", "reload", "nginx.service"])
        return True

    def publish(self) -> None:
        """Lays the certificate out for the other hosts: signed with this host's key and encrypted for theirs."""
        recipients = [os.path.join(self.peers, name) for name in sorted(os.listdir(self.peers))] if os.path.isdir(self.peers) else []
        if not recipients:
            return
        content = hashlib.sha256(b"".join(map(read, [self.path, self.identity, *recipients]))).hexdigest().encode()
        done = os.path.join(self.folder, "published")
        if read(done) == content and os.path.exists(self.share):
            return
        signed = command(["openssl", "cms", "-sign", "-binary", "-nodetach", "-outform", "DER", "-signer", self.identity, "-inkey", self.identity_key], data=read(self.path))
        os.makedirs(os.path.dirname(self.share), mode=0o755, exist_ok=True)
        put(self.share, command(["openssl", "cms", "-encrypt", "-binary", "-aes256", "-outform", "DER", *recipients], data=signed), 0o644)
        put(done, content)

    def fetch(self) -> bytes:
        """What the first host laid out, if it is really that host's."""
        url = "http://%s/%s/%s" % (self.config["issuer"], SHARE, self.config["app_name"])
        request = urllib.request.Request(url, headers={"Host": self.config["names"][0]})
        try:
            # A proxy of the host's environment is for the outside.
            with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=20) as answer:
                found = answer.read(TOO_LARGE)
        except OSError as error:
            raise CertificateError("the certificate was not fetched from %s: %s" % (url, error)) from error
        signed = command(["openssl", "cms", "-decrypt", "-binary", "-inform", "DER", "-recip", self.identity, "-inkey", self.identity_key], data=found)
        # By that very key, whatever certificate the message itself brings along.
        return command(["openssl", "cms", "-verify", "-binary", "-inform", "DER", "-nointern", "-certfile", self.issuer_identity, "-noverify"], data=signed)


def describe(text: bytes) -> dict:
    """`names`, `self_signed` and `days` of the first certificate in a PEM text."""
    printed = command(["openssl", "x509", "-noout", "-subject", "-issuer", "-enddate", "-ext", "subjectAltName"], data=text).decode()
    facts = dict(line.split("=", 1) for line in printed.splitlines() if re.match(r"(subject|issuer|notAfter)=", line))
    end = time.mktime(time.strptime(facts["notAfter"], "%b %d %H:%M:%S %Y %Z")) - time.timezone
    return {
        "names": re.findall(r"DNS:([^,\s]+)", printed),
        "self_signed": facts["subject"] == facts["issuer"],
        "days": int((end - time.time()) // 86400),
    }


def check(text: bytes, names: list[str]) -> None:
    """
    :raises CertificateError: when a PEM text with key and chain is not fit to serve *names*.
    """
    found = describe(text)
    missing = sorted(set(names) - set(found["names"]))
    if missing:
        raise CertificateError("the certificate is not for %s" % ", ".join(missing))
    if found["days"] < 0:
        raise CertificateError("the certificate has expired")
    if command(["openssl", "x509", "-noout", "-pubkey"], data=text) != command(["openssl", "pkey", "-pubout"], data=text):
        raise CertificateError("the certificate is not for its key")


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        made = Certificate(json.load(file))
    try:
        print("another certificate is in place" if made.renew() else "nothing is due")
    except CertificateError as error:
        sys.exit("no new certificate, the one in place stays: %s" % error)


if __name__ == "__main__":
    main()
