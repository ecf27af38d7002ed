"""The environment that a release last ran with, for a rollback that gives none."""
from __future__ import annotations

import json
import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import last_environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout

RELEASE = "20260101T000000Z-0000001"


@pytest.fixture
def layout(tmp_path):
    made = Layout("shop", str(tmp_path / "opt"), "/run/shop/gunicorn.sock")
    made.etc = str(tmp_path)
    (tmp_path / "environments").mkdir()
    file = last_environment.file(made, RELEASE, {"SECRET_KEY": "abcdefgh", "NAME": "old", "NUMBER": 3})
    file.write()
    return made


def asked(back, **given):
    return {"environment": json.dumps(given), "last_environment": back}


def test_only_root_reads_it(layout):
    assert os.stat(os.path.join(layout.etc, "environments", RELEASE + ".json")).st_mode & 0o777 == 0o600


def test_what_is_given_wins(layout):
    found = last_environment.completed(asked(True, NAME="new"), layout, RELEASE)
    assert found == {"SECRET_KEY": "abcdefgh", "NAME": "new", "NUMBER": "3"}


def test_names_and_no_values_are_said(layout):
    said = last_environment.sentence(asked(True, NAME="new"), layout, RELEASE)
    assert said == "release %s starts with what it last ran with for variables that are not given: NUMBER, SECRET_KEY" % RELEASE
    assert last_environment.sentence(asked(True, NAME="a", NUMBER="b", SECRET_KEY="c"), layout, RELEASE) is None


def test_a_deploy_has_what_is_given_alone(layout):
    assert last_environment.completed(asked(False, NAME="new"), layout, RELEASE) == {"NAME": "new"}
    assert last_environment.sentence(asked(False), layout, RELEASE) is None


@pytest.mark.parametrize("text", ["", "[]", "{", '{"NAME": {}}'])
def test_a_record_that_somebody_edited_is_none(layout, text):
    with open(os.path.join(layout.etc, "environments", RELEASE + ".json"), "w", encoding="utf-8") as file:
        file.write(text)
    assert last_environment.read(layout, RELEASE) == {}
    assert last_environment.read(layout, "../../x") == {}


def test_it_goes_with_its_release_and_what_is_kept_for_the_way_back_stays(layout):
    beside = os.path.join(layout.etc, "environments", RELEASE + ".json.before")
    os.link(os.path.join(layout.etc, "environments", RELEASE + ".json"), beside)
    assert last_environment.unneeded(layout, {RELEASE}) == []
    assert last_environment.unneeded(layout, set()) == [os.path.join(layout.etc, "environments", RELEASE + ".json")]
