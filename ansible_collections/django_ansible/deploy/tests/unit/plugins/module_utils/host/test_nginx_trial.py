from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import nginx, nginx_trial
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile


@pytest.fixture
def folder(tmp_path, monkeypatch):
    for name in ("conf.d", "sites-available", "sites-enabled"):
        (tmp_path / name).mkdir()
    (tmp_path / "nginx.conf").write_text("http {}\n")
    (tmp_path / "sites-available/default").write_text("server {}\n")
    (tmp_path / "sites-enabled/default").symlink_to("/etc/nginx/sites-available/default")
    monkeypatch.setattr(nginx, "NGINX", str(tmp_path))
    monkeypatch.setattr(nginx_trial, "write_atomically", lambda path, content, mode: open(path, "wb").write(content))
    return tmp_path


def ask(folder, monkeypatch, answer):
    """Asks of a new site, and what nginx would have found."""
    found = {}

    def run(argv, timeout):
        copy = argv[-3]
        for place, _, names in os.walk(copy):
            for name in names:
                path = os.path.join(place, name)
                found[os.path.relpath(path, copy)] = os.readlink(path) if os.path.islink(path) else open(path).read()
        assert stat.S_IMODE(os.stat(os.path.dirname(copy)).st_mode) == 0o700
        return answer()

    monkeypatch.setattr(nginx_trial, "run", run)
    files = [ManagedFile(str(folder / "sites-available/mysite"), "wrong on;\n"), ManagedFile("/etc/mysite/htpasswd", "secret")]
    (folder / "sites-available/mysite").write_text("as it was;\n")
    links = {str(folder / "sites-enabled/mysite"): str(folder / "sites-available/mysite")}
    return found, lambda: nginx_trial.said_of(files, [str(folder / "sites-enabled/default")], links)


def test_nginx_sees_its_folder_as_it_would_be_and_the_folder_stays(folder, monkeypatch):
    found, said = ask(folder, monkeypatch, lambda: "syntax is ok")
    before = sorted(map(str, folder.rglob("*")))
    assert said() == "syntax is ok"
    assert found == {
        "nginx.conf": "http {}\n",
        "sites-available/default": "server {}\n",
        "sites-available/mysite": "wrong on;\n",
        "sites-enabled/mysite": str(folder / "sites-available/mysite"),
    }
    assert sorted(map(str, folder.rglob("*"))) == before
    assert (folder / "sites-available/mysite").read_text() == "as it was;\n"


def test_what_it_refuses_is_told_with_the_line(folder, monkeypatch):
    def refuse():
        said = 'nginx: [emerg] unknown directive "wrong" in %s/sites-enabled/mysite:1' % folder
        raise CommandFailed("ended with 1:\n" + said, said)

    _, said = ask(folder, monkeypatch, refuse)
    with pytest.raises(CommandFailed, match=r"unknown directive .*\nThat line is: wrong on;$"):
        said()


def test_a_host_that_forbids_it_says_nothing(folder, monkeypatch):
    def forbid():
        raise CommandFailed("ended with 1:", "unshare: unshare failed: Operation not permitted\n")

    assert ask(folder, monkeypatch, forbid)[1]() == ""
