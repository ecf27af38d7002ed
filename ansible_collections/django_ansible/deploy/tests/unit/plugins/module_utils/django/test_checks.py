"""What Django's checks say, with many messages of one kind as one."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import project
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.refused import Refused
from django.core import checks


def asked(monkeypatch, *messages, level="ERROR"):
    monkeypatch.setattr(checks, "run_checks", lambda include_deployment_checks: list(messages))
    monkeypatch.setattr(checks.CheckMessage, "is_silenced", lambda self: False)
    return project.check({"check_level": level})["warnings"]


def many(number, kind="schema.W001", make=checks.Warning):
    return [make("no type hint", obj="view%d" % index, id=kind) for index in range(number)]


def test_a_few_of_one_kind_are_told_one_by_one(monkeypatch):
    assert asked(monkeypatch, *many(2), checks.Warning("a  line\nbroken", id="security.W004")) == [
        "schema.W001: no type hint (view0)", "schema.W001: no type hint (view1)", "security.W004: a line broken",
    ]


def test_many_of_one_kind_are_one_where_the_first_is(monkeypatch):
    found = asked(monkeypatch, checks.Warning("first", id="a.W001"), *many(130), checks.Warning("last", id="z.W001"))
    assert found == [
        "a.W001: first", "schema.W001: no type hint (view0), and 129 more of schema.W001: manage.py check --deploy prints each", "z.W001: last",
    ]


def test_what_stops_a_deploy_is_grouped_as_well(monkeypatch):
    with pytest.raises(Refused, match=r"^manage.py check --deploy found: models.E001: no type hint \(view0\), and 4 more of models.E001"):
        asked(monkeypatch, *many(5, "models.E001", checks.Error), *many(1))


def test_what_stops_a_deploy_has_its_hint_and_a_warning_has_none(monkeypatch):
    with pytest.raises(Refused, match=r"^manage.py check --deploy found: fields.E304: clashes \(shop.Order\), hint: add a related_name$"):
        asked(monkeypatch, checks.Error("clashes", hint="add a\n related_name", obj="shop.Order", id="fields.E304"))
    assert asked(monkeypatch, checks.Warning("clashes", hint="add a related_name", id="fields.W304")) == ["fields.W304: clashes"]
