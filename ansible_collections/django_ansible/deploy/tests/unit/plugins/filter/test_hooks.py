from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.filter.hooks import broken_hooks, hooks


def test_each_moment_has_its_files():
    found = hooks({"before_activate": "hooks/leave.yml", "after_finish": ["a.yml", "/srv/b.yml"]}, "/project")
    assert found["before_activate"] == ["/project/hooks/leave.yml"]
    assert found["after_finish"] == ["/project/a.yml", "/srv/b.yml"]
    assert found["after_activate"] == []
    assert len(found) == 9


def test_what_is_not_there_is_named(tmp_path):
    (tmp_path / "there.yml").write_text("[]")
    assert broken_hooks({"before_migrate": "there.yml"}, str(tmp_path)) == []
    moment, file = broken_hooks({"before_reach": "there.yml", "after_migrate": ["there.yml", "gone.yml"]}, str(tmp_path))
    assert moment["name"] == "django_app_hooks.before_reach"
    assert file["value"] == str(tmp_path / "gone.yml")
