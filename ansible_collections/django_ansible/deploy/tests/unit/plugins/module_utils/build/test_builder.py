"""Whose account the builder is."""
from __future__ import annotations

import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import builder, uv
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


@pytest.mark.parametrize("closed", ["", "uv-%s/bin" % uv.VERSION, "uv-%s/bin/uv" % uv.VERSION])
def test_a_uv_that_only_root_reaches_is_none(tmp_path, monkeypatch, closed):
    monkeypatch.setattr(uv.shutil, "which", lambda *_, **__: None)
    program = tmp_path / ("tools/uv-%s/bin/uv" % uv.VERSION)
    assert uv.find_uv(str(tmp_path / "tools")) is None
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o711)
    assert uv.find_uv(str(tmp_path / "tools")) == str(program)
    (tmp_path / "tools" / closed).chmod(0o700)
    assert uv.find_uv(str(tmp_path / "tools")) is None
