from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import pages

WISH = {"folder": "/etc/shop/pages", "bundled": {"502": "b502", "503": "b503", "504": "b504"}, "named": {}}


def texts(wish, folder, made=None):
    return {file.path: file.content.decode() for file in pages.files(wish, str(folder), made)}


def test_a_named_file_wins_over_a_template_and_that_over_the_bundled_page(tmp_path):
    (tmp_path / "late.html").write_text("late")
    found = texts({**WISH, "named": {"504": "late.html"}}, tmp_path, {"503": "closed", "504": "x"})
    assert found == {"/etc/shop/pages/502.html": "b502", "/etc/shop/pages/503.html": "closed", "/etc/shop/pages/504.html": "late"}


@pytest.mark.parametrize("made", [None, [], {"502": 1}, {"502": "x" * (pages.LARGEST + 1)}, {"../../x": "y"}])
def test_what_is_no_page_is_not_taken(tmp_path, made):
    assert texts(WISH, tmp_path, made) == texts(WISH, tmp_path)


def test_a_link_and_a_missing_file_are_refused_by_name(tmp_path):
    os.symlink("/etc/shadow", tmp_path / "page.html")
    for name in ("page.html", "gone.html"):
        with pytest.raises(CommandFailed, match="django_app_error_pages names %s for 502" % name):
            texts({**WISH, "named": {"502": name}}, tmp_path)


def test_a_host_that_serves_nothing_gets_none(tmp_path):
    assert texts({**WISH, "bundled": {}}, tmp_path, {"502": "x"}) == {}
