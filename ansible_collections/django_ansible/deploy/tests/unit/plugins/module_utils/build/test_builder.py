"""Whose account the builder is."""
from __future__ import annotations

import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


def test_two_applications_never_share_one():
    names = ["shop", "a" * 32, "a" * 31 + "b", "a" * 26, "a" * 27]
    accounts = [builder.account_of(name) for name in names]
    assert len(set(accounts)) == len(names)
    assert all(len(account) <= 32 and account.endswith("-build") for account in accounts)


@pytest.mark.parametrize("other", [{"pw_dir": "/home/shop-build"}, {"pw_shell": "/bin/bash"}, {"pw_uid": 0}])
def test_an_account_of_somebody_else_is_refused(monkeypatch, tmp_path, other):
    account = {"pw_dir": "/nonexistent", "pw_shell": "/usr/sbin/nologin", "pw_uid": 998, "pw_gid": 998, **other}
    monkeypatch.setattr(builder.pwd, "getpwnam", lambda name: types.SimpleNamespace(**account))
    monkeypatch.setattr(builder.grp, "getgrgid", lambda gid: types.SimpleNamespace(gr_name="shop-build"))
    with pytest.raises(CommandFailed, match="the account shop-build is somebody else's"):
        builder.Builder("shop", "", {}).ensure()
