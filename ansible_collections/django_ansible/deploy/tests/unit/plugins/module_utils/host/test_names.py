"""Which names an application may have on a host."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import names
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose packages brought some units, and some folders of /etc."""
    for unit in ("ssh.service", "getty@.service", "docker.socket"):
        (tmp_path / unit).touch()
    monkeypatch.setattr(names, "PACKAGED", (str(tmp_path), str(tmp_path / "missing")))

    def search(argv, **_):
        if argv[-1].endswith("/ssl"):
            return "openssl, ca-certificates: /etc/ssl\n"
        raise CommandFailed("no path found")

    monkeypatch.setattr(names, "run", search)
    return tmp_path


@pytest.mark.parametrize("name, unit", [("ssh", "ssh.service"), ("getty", "getty@.service"), ("docker", "docker.socket")])
def test_one_of_a_service_of_the_host_is_refused(host, name, unit):
    assert names.refusal(name, str(host / "etc")) == (
        "app_name %s is that of a service of this host (%s), whose units the application's would replace: choose another one" % (name, unit)
    )


def test_one_whose_folder_belongs_to_a_package_is_refused(host):
    (host / "ssl").mkdir()
    assert names.refusal("ssl", str(host / "ssl")) == "app_name ssl would make %s the application's, and it belongs to the package openssl: choose another one" % (host / "ssl")


def test_others_may_be_taken_also_where_an_administrator_made_the_folder(host):
    assert names.refusal("shop", str(host / "shop")) is None
    (host / "shop").mkdir()
    assert names.refusal("shop", str(host / "shop")) is None
