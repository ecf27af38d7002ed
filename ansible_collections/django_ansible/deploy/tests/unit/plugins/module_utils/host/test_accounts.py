"""Which accounts may run an application."""
from __future__ import annotations

import pwd
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import accounts


@pytest.mark.parametrize(
    ("uid", "home", "shell", "refused"),
    [
        (0, "/root", "/bin/bash", "is root"),
        (0, "/opt/site", "/usr/sbin/nologin", "is root"),
        (1000, "/home/deploy", "/bin/bash", "is a login account"),
        (1001, "/srv/people/ada", "/usr/bin/zsh", "is a login account"),
        (998, "/home/deploy", "/bin/sh", "is a login account"),
        (998, "/root/deploy", "/bin/sh", "is a login account"),
        (998, "/opt/site", "/usr/sbin/nologin", None),
        (1002, "/home/site", "/usr/sbin/nologin", None),
        (1002, "/home/site", "/bin/false", None),
        (998, "/opt/site", "/bin/bash", None),
        (33, "/var/www", "/usr/sbin/nologin", None),
    ],
)
def test_an_account_that_somebody_logs_in_with_is_refused(monkeypatch, uid, home, shell, refused):
    entry = types.SimpleNamespace(pw_uid=uid, pw_dir=home, pw_shell=shell)
    monkeypatch.setattr(pwd, "getpwnam", lambda name: entry)
    said = accounts.refusal("site")
    assert (said is None) if refused is None else (refused in said)


def test_one_that_is_not_there_yet_is_made():
    assert accounts.refusal("nobody-has-this-name") is None


@pytest.mark.parametrize(
    ("groups", "users", "ran"),
    [
        ((), (), ["groupadd --system web", "useradd --system --no-create-home --gid web --home-dir /opt/site --shell /usr/sbin/nologin site"]),
        (("web",), (), ["useradd --system --no-create-home --gid web --home-dir /opt/site --shell /usr/sbin/nologin site"]),
        (("web",), ("site",), ["usermod --gid web --home /opt/site --shell /usr/sbin/nologin site"]),
        (("web",), ("site", "in web"), []),
    ],
)
def test_an_account_is_made_of_what_is_there(monkeypatch, groups, users, ran):
    def found(names):
        def find(name):
            if name not in names:
                raise KeyError(name)
            return types.SimpleNamespace(gr_gid=7, pw_gid=7 if "in web" in names else 8)

        return find

    said = []
    monkeypatch.setattr(accounts.grp, "getgrnam", found(groups))
    monkeypatch.setattr(accounts.pwd, "getpwnam", found(users))
    monkeypatch.setattr(accounts, "run", lambda argv: said.append(" ".join(argv)))
    accounts.ensure("site", "web", "/opt/site")
    assert said == ran
