from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import passwords


def test_a_hash_is_what_a_unix_password_has_and_stays():
    first = passwords.text({"team": "secret", "anna": "other"}, "")
    assert [line.split(":")[0] for line in first.splitlines()] == ["anna", "team"]
    assert "secret" not in first and first.count("$6$") == 2
    assert passwords.text({"team": "secret", "anna": "other"}, first) == first


def test_only_a_changed_password_gets_a_new_hash_and_a_removed_user_goes():
    first = passwords.text({"team": "secret", "anna": "other"}, "")
    second = passwords.text({"team": "new"}, first)
    assert second.startswith("team:$6$") and len(second.splitlines()) == 1 and second.splitlines()[0] not in first


def test_a_file_of_something_else_is_replaced():
    assert passwords.text({"team": "secret"}, "nonsense\nteam:\n").startswith("team:$6$")
