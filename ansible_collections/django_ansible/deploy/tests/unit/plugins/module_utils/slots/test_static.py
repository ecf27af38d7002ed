from __future__ import annotations

import gzip
import os
import stat

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Unsafe
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
    return {os.path.relpath(os.path.join(path, name), layout.static) for path, _, names in os.walk(layout.static) for name in names}


def test_files_of_two_releases_are_served_together(layout, tmp_path):
    one = release(tmp_path, "one", {"css/a.111.css": "1", "plain.js": "old"})
    two = release(tmp_path, "two", {"css/a.222.css": "2", "plain.js": "new"})
    assert static.merge(one, layout).changed == 2
    assert static.merge(two, layout).changed == 2
    assert served(layout) == {"css/a.111.css", "css/a.222.css", "plain.js"}
    assert (tmp_path / "static/plain.js").read_text() == "new"
    assert (tmp_path / "releases/one/staticfiles/plain.js").read_text() == "old"


def test_merging_again_changes_nothing(layout, tmp_path):
    one = release(tmp_path, "one", {"a.css": "1"})
    static.merge(one, layout)
    assert static.merge(one, layout) == (0, [])


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


def test_a_link_is_named_and_not_followed(layout, tmp_path):
    (tmp_path / "secret").write_text("secret")
    one = release(tmp_path, "one", {"a.css": "1"})
    (tmp_path / "releases/one/staticfiles/leak.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "releases/one/staticfiles/folder").symlink_to(tmp_path)
    merged = static.merge(one, layout)
    assert merged.changed == 1
    assert served(layout) == {"a.css"}
    assert "nginx does not serve folder, leak.txt of" in merged.warnings[0]


def test_a_served_file_is_no_second_name_of_the_releases(layout, tmp_path):
    static.merge(release(tmp_path, "one", {"a.css": "1"}), layout)
    assert os.stat(tmp_path / "static/a.css").st_nlink == 1


def test_the_hosts_umask_decides_nothing(layout, tmp_path):
    before = os.umask(0o077)
    try:
        static.merge(release(tmp_path, "one", {"css/a.css": "1"}), layout)
    finally:
        os.umask(before)
    assert [stat.S_IMODE(os.stat(tmp_path / "static" / name).st_mode) for name in ("css", "css/a.css")] == [0o755, 0o644]


def test_a_file_of_the_same_size_and_time_is_still_compared(layout, tmp_path):
    for name in ("one", "two"):
        made = release(tmp_path, name, {"lib.js": name})
        os.utime(tmp_path / "releases" / name / "staticfiles/lib.js", (1, 1))
        static.merge(made, layout)
    assert (tmp_path / "static/lib.js").read_text() == "two"


def test_a_file_gives_way_to_a_folder_and_the_other_way_round(layout, tmp_path):
    one, two = release(tmp_path, "one", {"app": "file"}), release(tmp_path, "two", {"app/deep/a.js": "1"})
    for each, files in ((one, {"app"}), (two, {"app/deep/a.js"}), (one, {"app"})):
        static.merge(each, layout)
        assert served(layout) == files


def test_pruning_follows_no_link(layout, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/kept").write_text("")
    two = release(tmp_path, "two", {"b.css": "2"})
    static.merge(two, layout)
    (tmp_path / "static/planted").symlink_to(tmp_path / "outside")
    assert static.prune([two], layout) == 1
    assert os.listdir(tmp_path / "outside") == ["kept"]


def test_a_folder_behind_a_link_is_refused(layout, tmp_path):
    (tmp_path / "outside").mkdir()
    (tmp_path / "shared").mkdir(mode=0o777)
    os.chmod(tmp_path / "shared", 0o777)
    (tmp_path / "shared/static").symlink_to(tmp_path / "outside")
    with pytest.raises(Unsafe, match="shared/static is a link where a folder belongs"):
        static.merge({"static_root": str(tmp_path / "shared/static")}, layout)


TEXT = "body { color: red }\n" * 100


def unpacked(layout, path):
    with gzip.open(os.path.join(layout.static, path), "rt") as file:
        return file.read()


def test_texts_are_compressed_once(layout, tmp_path):
    one = release(tmp_path, "one", {"a.css": TEXT, "small.css": "a", "picture.png": TEXT})
    assert static.merge(one, layout).changed == 3
    assert served(layout) == {"a.css", "a.css.gz", "small.css", "picture.png"}
    assert unpacked(layout, "a.css.gz") == TEXT
    before = os.stat(os.path.join(layout.static, "a.css.gz"))
    assert static.merge(one, layout) == (0, [])
    assert os.stat(os.path.join(layout.static, "a.css.gz")).st_ino == before.st_ino


def test_a_changed_file_is_compressed_anew_and_one_that_became_small_is_not(layout, tmp_path):
    static.merge(release(tmp_path, "one", {"a.css": TEXT, "b.css": TEXT}), layout)
    two = release(tmp_path, "two", {"a.css": TEXT + "x", "b.css": "b"})
    static.merge(two, layout)
    assert served(layout) == {"a.css", "a.css.gz", "b.css"}
    assert unpacked(layout, "a.css.gz") == TEXT + "x"
    assert static.prune([two], layout) == 0


def test_what_the_project_compressed_itself_stays_and_goes_with_its_file(layout, tmp_path):
    own = release(tmp_path, "one", {"a.css": TEXT, "a.css.gz": "its own"})
    static.merge(own, layout)
    assert (tmp_path / "static/a.css.gz").read_text() == "its own"
    later = release(tmp_path, "two", {"a.css": TEXT + "x"})
    static.merge(later, layout)
    assert unpacked(layout, "a.css.gz") == TEXT + "x"
    last = release(tmp_path, "three", {"c.css": "c"})
    static.merge(last, layout)
    assert static.prune([last], layout) == 2
    assert served(layout) == {"c.css"}


def test_what_is_served_already_is_known_before_and_not_read_again(layout, tmp_path, monkeypatch):
    one = release(tmp_path, "one", {"a.css": TEXT, "b.css": "b", "c.css": TEXT})
    assert static.served_already(one, layout) == frozenset()
    static.merge(one, layout)
    assert static.served_already(one, layout) == {"a.css", "b.css", "c.css"}
    two = release(tmp_path, "two", {"a.css": TEXT, "b.css": "other", "d.css": "d"})
    known = static.served_already(two, layout)
    assert known == {"a.css"}
    read = []
    monkeypatch.setattr(static.copying, "_same", lambda tree, held, found, other, path: read.append(path) and False)
    monkeypatch.setattr(static, "is_of", lambda source, path, *_: read.append(path) or True)
    assert static.merge(two, layout, known) == (2, [])
    assert read == ["b.css"]
    assert (tmp_path / "static/b.css").read_text() == "other"


def test_a_compressed_form_of_another_content_is_not_known(layout, tmp_path):
    one = release(tmp_path, "one", {"a.css": TEXT})
    static.merge(one, layout)
    (tmp_path / "static/a.css.gz").write_bytes(gzip.compress(b"older"))
    assert static.served_already(one, layout) == frozenset()
    static.merge(one, layout, static.served_already(one, layout))
    assert gzip.decompress((tmp_path / "static/a.css.gz").read_bytes()).decode() == TEXT


def test_nothing_is_known_without_static_files_or_a_folder_of_them(layout, tmp_path):
    assert static.served_already({"static_root": None}, layout) == frozenset()
    one = release(tmp_path, "one", {"a.css": "1"})
    (tmp_path / "static").rmdir()
    assert static.served_already(one, layout) == frozenset()
