"""The live release of a project, and what is secret of it."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import live, store
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.sources import Managed, dotenv, values_in

RELEASE = "20260102T030405Z-0123456"
PARAMS = {"env": '{"MORE": "given-now"}', "name": "", "files": ["/srv/shop/compose.yml"]}


@pytest.fixture
def deployed(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "state_folder", lambda: str(tmp_path))
    kept = store.Store("shop")
    files = Managed({"/srv/shop/.env.deploy": (dotenv({"KEY": "se'cr\net", "OTHER": "$plain"}).encode(), 0o600), "/srv/shop/nginx.conf": (b"WORD='shown'\n", 0o644)}, "/srv/shop")
    kept.save(RELEASE, "{}", files, file="/srv/shop/compose.yml", summary={"services": {"web": {}, "db": {}}})
    kept.set_live(RELEASE)


def test_it_is_found_by_its_compose_file(deployed):
    found = live.Live(PARAMS)
    assert (found.project, found.release, found.services()) == ("shop", RELEASE, ["db", "web"])
    assert found.mask()("a se'cr\net, b $plain, c given-now, d shown") == "a ***, b ***, c ***, d shown"


def test_without_one_there_is_nothing_to_do_it_with(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "state_folder", lambda: str(tmp_path))
    with pytest.raises(ComposeError, match="/srv/shop/compose.yml has no live release on this host: deploy it first"):
        live.Live(PARAMS)


@pytest.mark.parametrize("value", ["plain", "it's", "two\nlines", 'a "quoted" $word', "back\\slash\r", "\\n", ""])
def test_values_come_back_from_the_file_that_has_them(value):
    assert values_in(dotenv({"NAME": value})) == [value]
