"""What the project's own code may say about itself, and what not."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.answers import facts_of, hint_of, texts

HONEST = {
    "home": True, "debug": False, "migrations": "ab12", "static_root": "/opt/a/collected/r", "static_url": "/static/", "wsgi": None, "engine": None,
    "media_root": None, "sqlite": ["/opt/a/shared/db.sqlite3"], "uploads": {"public": True},
}


def test_what_is_known_is_taken_and_nothing_else():
    assert facts_of({**HONEST, "release": "20260101T000000Z-0123456", "venv": [], "bad": True, "activated": "now"}) == HONEST


@pytest.mark.parametrize("wrong", [{"static_root": ["/etc"]}, {"home": "yes"}, {"sqlite": "x"}, {"migrations": None}, {"uploads": []}, {"wsgi": "x" * 100_000}])
def test_another_form_is_one_sentence_with_its_name(wrong):
    with pytest.raises(CommandFailed, match="answers in the place of the deploy's about %s" % next(iter(wrong))):
        facts_of({**HONEST, **wrong})


@pytest.mark.parametrize("answer", [None, [], "x", {}])
def test_no_answer_is_one_too(answer):
    with pytest.raises(CommandFailed, match="the project's own code"):
        facts_of(answer)


def test_texts_are_short_and_few():
    assert texts(["a", 1, None, "b" * 10_000]) == ["a", "b" * 4000]
    assert len(texts(["x"] * 5000)) == 1000
    assert texts({"a": 1}) == []


@pytest.mark.parametrize("value", [None, "text", {}, {"taken": 1, "others": "", "folders": {}}, {"taken": "", "others": "", "folders": []}])
def test_a_hint_of_another_form_is_none(value):
    assert hint_of(value) == {}


def test_a_hint_is_kept():
    known = {"taken": "requirements.txt", "others": "", "folders": {"shop": "web", "bad": 1}}
    assert hint_of(known) == {"taken": "requirements.txt", "others": "", "folders": {"shop": "web"}}
