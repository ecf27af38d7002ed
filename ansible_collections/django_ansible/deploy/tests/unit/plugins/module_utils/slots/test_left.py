"""What the last deploy left is compared with what is there: each file once, by what it is itself."""
from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import left
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture
def host(tmp_path, monkeypatch):
    layout = Layout("mysite", str(tmp_path), "/run/mysite/gunicorn.sock")
    layout.etc = str(tmp_path)
    site, link = tmp_path / "site", tmp_path / "enabled"
    site.write_text("server {}\n")
    link.symlink_to(site)
    monkeypatch.setattr(left, "paths", lambda layout: [str(site), str(link)])
    left.note(layout)
    return layout, site, link


def test_nothing_is_different_after_a_deploy(host):
    assert left.drift(host[0]) == []


def test_a_file_that_a_link_leads_to_is_told_once(host):
    layout, site, _ = host
    site.write_text("server {} # by hand\n")
    assert left.drift(layout) == ["%s was changed" % site]


def test_a_link_that_leads_elsewhere_or_is_gone_is_told(host):
    layout, site, link = host
    link.unlink()
    assert left.drift(layout) == ["%s is gone" % link]
    other = site.with_name("other")
    other.write_text("server {}\n")
    link.symlink_to(other)
    assert left.drift(layout) == ["%s was changed" % link]


def test_a_host_of_a_version_before_has_no_drift(host):
    os.unlink(os.path.join(host[0].etc, "left.json"))
    assert left.drift(host[0]) == []
