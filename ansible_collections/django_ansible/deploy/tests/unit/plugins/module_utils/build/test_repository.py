import base64
import functools
import http.server
import os
import subprocess
import tarfile
import threading

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import repository
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


class Guarded(http.server.SimpleHTTPRequestHandler):
    """Serves files to who has a login."""

    logins: list = []

    def do_GET(self):
        login = self.headers.get("Authorization", "")
        if not login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.end_headers()
            return
        self.logins.append(base64.b64decode(login.split()[1]).decode())
        super().do_GET()

    def log_message(self, *arguments):
        pass


def git(folder, *arguments):
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgSign=false"]
    return subprocess.run(["git", "-C", folder, *identity, *arguments], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Address of a repository behind a login, its commit, and where git writes down every command line."""
    for name in ("work", "served"):
        (tmp_path / name).mkdir()
    work, bare = tmp_path / "work", tmp_path / "served" / "site.git"
    git(work, "init", "--quiet", "--initial-branch", "main")
    (work / "manage.py").write_text("")
    git(work, "add", "--all")
    git(work, "commit", "--quiet", "--message", "A site")
    git(tmp_path, "clone", "--quiet", "--bare", work, bare)
    git(bare, "update-server-info")
    trace = tmp_path / "trace"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    monkeypatch.setattr(Guarded, "logins", [])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Guarded, directory=str(bare.parent)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "127.0.0.1:%d/site.git" % server.server_port, git(work, "rev-parse", "HEAD"), trace
    server.shutdown()
    server.server_close()


def test_a_password_in_the_address_gets_in_and_stands_in_no_command_line(served, tmp_path):
    address, commit, trace = served
    with repository.reach("http://me:s3cr%40t@" + address) as found:
        assert found.commit("main") == commit
        assert found.commit("HEAD") == commit
        [login] = [part.partition("--file=")[2] for part in found.login if "--file=" in part]
        assert os.stat(login).st_mode & 0o777 == 0o600
    assert not os.path.exists(login)
    assert set(Guarded.logins) == {"me:s3cr@t"}
    repository.archive_of("http://me:s3cr%40t@" + address, commit, str(tmp_path / "mirror"), str(tmp_path / "code.tar"))
    with tarfile.open(tmp_path / "code.tar") as archive:
        assert archive.getnames() == ["manage.py"]
    seen = trace.read_text()
    assert "http://" + address in seen
    assert "s3cr" not in seen
    stays = [os.path.join(folder, name) for folder, _, names in os.walk(tmp_path / "mirror") for name in names]
    assert not [path for path in stays if b"s3cr" in open(path, "rb").read()]


def test_a_token_may_stand_in_the_place_of_the_user(served):
    address, commit, trace = served
    with repository.reach("http://t0ken@" + address) as found:
        assert found.commit("main") == commit
    assert set(Guarded.logins) == {"t0ken:"}
    assert "t0ken" not in trace.read_text()


def test_what_the_repository_does_not_have_and_who_is_not_let_in_is_said_without_the_password(served):
    address, *_ = served
    with repository.reach("http://me:s3cret@" + address) as found, pytest.raises(CommandFailed, match="has no nowhere: check revision and app_branch") as failed:
        found.commit("nowhere")
    assert "s3cret" not in str(failed.value)
    with repository.reach("http://" + address) as found, pytest.raises(CommandFailed, match="could not read Username"):
        found.commit("main")


@pytest.mark.parametrize("address", ["git@github.com:org/site.git", "ssh://git@git.example.com/site.git", "/srv/site.git", "https://git.example.com/site.git"])
def test_an_address_without_a_password_is_given_as_it_is(address):
    with repository.reach(address) as found:
        assert (found.address, found.login) == (address, [])
    assert repository.secrets_of(address) == set()


def test_all_that_is_secret_is_known():
    assert repository.secrets_of("https://me:a%2Fb@git.example.com/x.git") == {"a%2Fb", "a/b"}
    assert repository.secrets_of("https://t0ken@git.example.com/x.git") == {"t0ken"}
