from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import static
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


@pytest.fixture
def layout(tmp_path):
    (tmp_path / "static").mkdir()
    return Layout("shop", str(tmp_path), "/run/shop/gunicorn.sock")


def release(tmp_path, name, files):
    folder = tmp_path / "releases" / name / "staticfiles"
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return {"release": name, "static_root": str(folder)}


def served(layout):
    return static.files_below(layout.static)


def test_files_of_two_releases_are_served_together(layout, tmp_path):
    one = release(tmp_path, "one", {"css/a.111.css": "1", "plain.js": "old"})
    two = release(tmp_path, "two", {"css/a.222.css": "2", "plain.js": "new"})
    assert static.merge(one, layout) == 2
    assert static.merge(two, layout) == 2
    assert served(layout) == {"css/a.111.css", "css/a.222.css", "plain.js"}
    assert (tmp_path / "static/plain.js").read_text() == "new"
    assert (tmp_path / "releases/one/staticfiles/plain.js").read_text() == "old"


def test_merging_again_changes_nothing(layout, tmp_path):
    one = release(tmp_path, "one", {"a.css": "1"})
    static.merge(one, layout)
    assert static.merge(one, layout) == 0


def test_only_files_of_no_kept_release_are_removed(layout, tmp_path):
    one, two = release(tmp_path, "one", {"a.css": "1", "both.css": "b"}), release(tmp_path, "two", {"b.css": "2", "both.css": "b"})
    static.merge(one, layout)
    static.merge(two, layout)
    assert static.prune([two], layout) == 1
    assert served(layout) == {"b.css", "both.css"}


def test_nothing_is_removed_when_no_release_tells_its_files(layout, tmp_path):
    static.merge(release(tmp_path, "one", {"a.css": "1"}), layout)
    assert static.prune([{"release": "other", "static_root": None}], layout) == 0
    assert served(layout) == {"a.css"}
