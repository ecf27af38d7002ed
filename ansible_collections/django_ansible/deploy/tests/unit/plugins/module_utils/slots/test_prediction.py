"""What a check finds out about a commit; asking the new code itself is tried on real hosts, in check.test.ts."""
from __future__ import annotations

import time
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prediction


def test_a_host_without_a_release_is_named_as_unknown():
    preparation = types.SimpleNamespace(known={}, layout=types.SimpleNamespace(live_release=lambda: None))
    found = prediction.predict(preparation)["found"]
    assert "no release is on this host yet" in found["unknown"][0]


def test_the_project_s_own_migrations_are_known_by_their_files(tmp_path):
    for name in ("shop/migrations/0001_initial.py", "shop/migrations/__init__.py", "web/blog/migrations/0002_title.py", "migrations/0003_top.py", "shop/models.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "shop/migrations/0004_link.py").symlink_to("/etc/passwd")
    with Tree(str(tmp_path)) as tree:
        assert prediction.migrations_in(tree) == {"shop.0001_initial", "blog.0002_title"}


def test_lock_files_are_compared_by_package():
    lock = '[[package]]\nname = "django"\nversion = "%s"\nsource = {}\n'
    assert prediction.requirement_changes({"uv.lock": lock % "5.1"}, {"uv.lock": lock % "5.2"}) == ["-django==5.1", "+django==5.2"]


def test_hashes_and_comments_of_requirement_files_are_no_change():
    before = {"requirements.txt": "django==5.1 \\\n    --hash=sha256:aa\n    # via x\n"}
    after = {"requirements.txt": "django==5.1 \\\n    --hash=sha256:bb\n"}
    assert prediction.requirement_changes(before, after) == []


def test_what_takes_the_place_of_a_line_comes_after_it():
    before = {"requirements.txt": "zope==1\nDjango==5.2\nidna==3\n"}
    after = {"requirements.txt": "zope==1\nDjango==5.1\nanyio==4\n"}
    assert prediction.requirement_changes(before, after) == ["+anyio==4", "-Django==5.2", "+Django==5.1", "-idna==3"]


def test_whoever_writes_a_commit_keeps_no_host_busy_with_its_requirements():
    texts = [{"requirements.txt": "\n".join("package%d==%d.%s" % (number, side, "9" * 400) for number in range(5000))} for side in (1, 2)]
    started = time.monotonic()
    changes = prediction.requirement_changes(*texts)
    assert time.monotonic() - started < 5  # in the time of their number alone
    assert (len(changes), max(map(len, changes)), changes[-1]) == (1001, 301, "+… and 9000 more lines")


def judged(monkeypatch, later):
    """What a check says of a migration that removes a field which the live release uses."""
    table = {"shop_order": {"model": "shop.Order", "columns": {"note": False}, "fields": {"note": "note"}}}
    live = type("Live", (), {"drive": lambda self, step: {"columns": {"tables": table}}})()
    monkeypatch.setattr(prediction, "live_application", lambda params, layout: live)
    operation = {
        "migration": "shop.0002_x", "kind": "RemoveField", "does": "Remove field note", "advice": "", "opaque": False, "gone": [["shop_order", "note"]], "made": [],
        "required": [], "retyped": [], "tables": ["shop_order"], "later": later,
    }
    made = object.__new__(prediction.Prediction)
    made.params, made.found, made.place, made.live = {"proof": "refuse", "release": "r"}, {"warnings": []}, "", ""
    made.layout = type("Layout", (), {"release_dir": lambda self, release: release})()
    made.judge({"migrations": ["shop.0002_x"], "needs": {"shop.0002_x": []}, "operations": [operation]})
    return made.found["warnings"]


def test_what_may_be_applied_last_is_no_refusal_of_a_check(monkeypatch):
    assert "shop.0002_x: applied once the new release is live everywhere, if the proof finds" in judged(monkeypatch, True)[0]


def test_what_breaks_the_live_release_is_one(monkeypatch):
    with pytest.raises(CommandFailed, match="would break the live release"):
        judged(monkeypatch, False)
