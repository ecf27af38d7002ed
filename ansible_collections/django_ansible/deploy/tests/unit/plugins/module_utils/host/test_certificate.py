from __future__ import annotations

import subprocess

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import certificate
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.certificate import Certificate, CertificateError

NAMES = ["www.example.com", "example.com"]


def host(folder, issuer=""):
    (folder / "peers").mkdir(parents=True)
    config = {
        "app_name": "shop", "names": NAMES, "directory": "https://ca.example/dir", "email": "", "ca": "", "issuer": issuer,
        "folder": str(folder), "webroot": str(folder / "webroot"),
    }
    made = Certificate(config)
    made.make_identity()
    return made


def from_authority(folder, names=NAMES, days=90):
    """Key and chain of a certificate that somebody else has signed."""
    def openssl(*argv):
        subprocess.run(["openssl", *argv], check=True, capture_output=True, cwd=folder)

    openssl("req", "-x509", *certificate.NEW_KEY, "-days", "90", "-subj", "/CN=Authority", "-keyout", "ca.key", "-out", "ca.pem")
    openssl("req", *certificate.NEW_KEY, "-subj", "/CN=%s" % names[0], "-keyout", "key.pem", "-out", "req.pem")
    (folder / "names").write_text("subjectAltName=%s\n" % ",".join("DNS:%s" % name for name in names))
    openssl("x509", "-req", "-in", "req.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days), "-extfile", "names", "-out", "cert.pem")
    return (folder / "key.pem").read_bytes() + (folder / "cert.pem").read_bytes()


@pytest.fixture
def nginx(monkeypatch):
    """An nginx that is asked for its opinion and told to reload."""
    told = []
    real = certificate.command

    def command(argv, **options):
        if argv[0] in ("nginx", "systemctl"):
            told.append(argv[:2])
            if told.count(["nginx", "-t"]) and getattr(command, "refuses", False):
                raise CertificateError("nginx -t failed")
            return b""
        return real(argv, **options)

    monkeypatch.setattr(certificate, "command", command)
    command.told = told
    return command


def test_a_self_signed_one_is_for_all_names_and_no_proof(tmp_path):
    made = host(tmp_path / "a")
    assert made.about() == {}
    made.sign_self()
    assert made.about() == {"names": NAMES, "self_signed": True, "days": 364}
    assert not made.serves()
    assert (tmp_path / "a/certificate.pem").stat().st_mode & 0o777 == 0o600


def test_what_an_authority_signed_is_installed_once(tmp_path, nginx):
    made = host(tmp_path / "a")
    text = from_authority(tmp_path)
    assert made.install(text)
    assert made.serves()
    assert not made.install(text)


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (lambda folder: from_authority(folder, names=["example.com"]), "not for www.example.com"),
        (lambda folder: from_authority(folder, days=-1), "expired"),
        (lambda folder: from_authority(folder).replace((folder / "key.pem").read_bytes(), (folder / "ca.key").read_bytes()), "not for its key"),
        (lambda folder: b"nonsense", "openssl x509 failed"),
        (lambda folder: b"", "openssl x509 failed"),
    ],
)
def test_what_is_not_fit_takes_nothing_away(tmp_path, nginx, broken, reason):
    made = host(tmp_path / "a")
    made.sign_self()
    before = certificate.read(made.path)
    with pytest.raises(CertificateError, match=reason):
        made.install(broken(tmp_path))
    assert certificate.read(made.path) == before


def test_what_nginx_refuses_takes_nothing_away(tmp_path, nginx):
    made = host(tmp_path / "a")
    made.sign_self()
    before = certificate.read(made.path)
    nginx.refuses = True
    with pytest.raises(CertificateError, match="nginx -t failed"):
        made.install(from_authority(tmp_path))
    assert certificate.read(made.path) == before


@pytest.fixture
def pair(tmp_path, nginx, monkeypatch):
    """The host that asks and one that fetches, which know each other's keys. What one lays out, the other finds."""
    first, second = host(tmp_path / "first"), host(tmp_path / "second", issuer="first")
    (tmp_path / "first/peers/second").write_bytes(certificate.read(second.identity))
    (tmp_path / "second/issuer.pem").write_bytes(certificate.read(first.identity))
    first.install(from_authority(tmp_path))

    class Opener:
        def open(self, request, timeout):
            assert request.full_url == "http://first/.well-known/django-ansible-deploy/shop"
            assert request.headers["Host"] == NAMES[0]
            return open(first.share, "rb")

    monkeypatch.setattr(certificate.urllib.request, "build_opener", lambda *handlers: Opener())
    return first, second


def test_another_host_gets_it_encrypted_and_signed(pair):
    first, second = pair
    first.publish()
    assert b"PRIVATE KEY" not in certificate.read(first.share)
    assert second.renew()
    assert certificate.read(second.path) == certificate.read(first.path)
    assert not second.renew()


def test_it_is_laid_out_anew_only_when_something_changed(pair, tmp_path):
    first, _ = pair
    first.publish()
    before = certificate.read(first.share)
    first.publish()
    assert certificate.read(first.share) == before
    (tmp_path / "first/peers/third").write_bytes(certificate.read(host(tmp_path / "third").identity))
    first.publish()
    assert certificate.read(first.share) != before


def test_what_another_host_signed_is_not_believed(pair, tmp_path):
    first, second = pair
    stranger = host(tmp_path / "stranger")
    (tmp_path / "stranger/peers/second").write_bytes(certificate.read(second.identity))
    stranger.install(from_authority(tmp_path))
    stranger.share = first.share
    stranger.publish()
    with pytest.raises(CertificateError, match="openssl cms failed"):
        second.renew()
    assert not second.serves()


def test_a_host_for_which_it_is_not_encrypted_cannot_read_it(pair, tmp_path):
    first, second = pair
    (tmp_path / "first/peers/second").write_bytes(certificate.read(host(tmp_path / "other").identity))
    first.publish()
    with pytest.raises(CertificateError, match="openssl cms failed"):
        second.renew()


def test_each_authority_has_an_account_of_its_own(tmp_path, monkeypatch):
    made = host(tmp_path / "a")
    asked = []
    monkeypatch.setattr(certificate, "command", lambda argv, env=None: asked.append((argv, env)))
    made.ask()
    made.config.update(directory=certificate.DIRECTORIES["staging"], email="ops@example.com", ca="/etc/ca.pem")
    made.ask()
    (first, _), (second, env) = asked
    home = [argv[argv.index("--config-dir") + 1] for argv in (first, second)]
    assert home == [str(tmp_path / "a/acme" / name) for name in ("ca.example-dir", "acme-staging-v02.api.letsencrypt.org-directory")]
    assert "--register-unsafely-without-email" in first
    assert second[second.index("--email") + 1] == "ops@example.com"
    assert env == {"REQUESTS_CA_BUNDLE": "/etc/ca.pem"}
    assert first.count("--domain") == 2


@pytest.mark.parametrize(
    "said, tries",
    [
        ("Requesting a certificate for shop. AttributeError: can't set attribute", 2),
        ("Requesting a certificate for shop. Some challenges have failed.", 1),
        ("Cannot reach the server: connection refused", 1),
    ],
)
def test_what_an_authority_refuses_for_once_is_asked_again(tmp_path, monkeypatch, said, tries):
    asked = []

    def command(argv, **options):
        asked.append(argv)
        raise CertificateError(said)

    made = host(tmp_path / "a")
    monkeypatch.setattr(certificate, "command", command)
    monkeypatch.setattr(certificate.time, "sleep", lambda seconds: None)
    with pytest.raises(CertificateError, match=said[:20]):
        made.ask()
    assert len(asked) == tries
