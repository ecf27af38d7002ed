import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import proof as module
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrations import apply_plan
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.proof import Policy, Proof
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

BREAK = {"model": "shop.Order", "table": "shop_order", "column": "note", "field": "note", "kind": "missing_column", "error": "no such column", "statements": ["select"]}
TABLES = {"tables": {"shop_order": {"model": "shop.Order", "columns": {"note": False}, "fields": {"note": "note"}}}}
DROP = {
    "migration": "shop.0002_x", "kind": "RemoveField", "does": "Remove field note", "advice": "", "opaque": False, "gone": [["shop_order", "note"]], "made": [],
    "required": [], "retyped": [], "tables": ["shop_order"],
}
PLAN = {"migrations": ["shop.0002_x"], "database": {"vendor": "sqlite"}, "operations": [DROP], "copy": {"vendor": "sqlite", "applied": [], "schema": []}}


class Fake:
    """Answers steps of the driver; what each is asked with is kept."""

    def __init__(self, **answers):
        self.answers, self.asked = answers, []

    def drive(self, *steps, **options):
        self.asked += steps
        found = {}
        for step in steps:
            answer = self.answers[step]
            found[step] = answer.pop(0) if isinstance(answer, list) else answer
            if isinstance(found[step], Exception):
                raise found[step]
        return found


def tried(*breaks, untried=()):
    return {"breaks": list(breaks), "untried": list(untried), "models": 1}


def proved(live, migrated=None, plan=PLAN):
    return Proof(Fake(copy_migrate=migrated or {"left_out": [], "schema": []}), live, None, plan, "").run()


def test_what_breaks_is_told_with_its_migration():
    found = proved(Fake(copy_try=[tried(dict(BREAK)), tried()], columns=TABLES))
    assert len(found.breaks) == 1 and found.breaks[0].startswith("shop.Order.note: migration shop.0002_x would remove field note")


def test_what_does_not_work_on_the_schema_of_today_blames_nobody():
    found = proved(Fake(copy_try=[tried(dict(BREAK)), tried(dict(BREAK))], columns=TABLES))
    assert found.breaks == [] and "could not be tried" in found.notes[0]


def test_what_cannot_be_tried_is_judged_by_rules():
    found = proved(Fake(copy_try=tried(untried=["shop.Order: no row could be made"]), columns=TABLES))
    assert len(found.breaks) == 1


def test_without_a_copy_rules_stand_in_and_that_is_said():
    plan = {**PLAN, "copy": {"vendor": "oracle", "applied": []}}
    found = proved(Fake(columns=TABLES), plan=plan)
    assert len(found.breaks) == 1 and "find less" in found.notes[0] and "oracle" in found.notes[0]


def test_migrations_that_fail_on_the_copy_are_refused_where_all_of_them_are_djangos_own():
    failed = {"failed": "no such table", "left_out": []}
    assert "no such table" in proved(Fake(), failed).breaks[0]
    sql = {**PLAN, "operations": [{**DROP, "gone": [], "opaque": True}]}
    found = proved(Fake(columns=TABLES), failed, sql)
    assert found.breaks == [] and "find less" in found.notes[0]


def run(policy, live_answers, **more):
    application = Fake(plan=PLAN, copy_migrate={"left_out": [], "schema": []}, migrate={"migrations": ["shop.0002_x"], "times": ["shop.0002_x applied in 0.1 s"]})
    live = Fake(**live_answers)
    given = Policy(policy, lambda: live, "django_app_schema_proof")
    return application, live, lambda: apply_plan(application, Recovery(None, ""), attempt="", live=None, switch="", dump=False, policy=given, **more)


def breaking():
    return {"copy_try": [tried(dict(BREAK)), tried()], "columns": TABLES}


def test_refused_is_before_anything_is_applied():
    application, _, apply = run("refuse", breaking())
    with pytest.raises(CommandFailed, match="would break the live release, so none was applied:\n- shop.Order.note"):
        apply()
    assert "migrate" not in application.asked


def test_warned_of_is_applied():
    application, _, apply = run("warn", breaking())
    result = apply()
    assert result["migrations"] == ["shop.0002_x"] and "the live release may break: shop.Order.note" in result["warnings"][0]
    assert result["told"][-1] == "shop.0002_x applied in 0.1 s"


def test_off_costs_nothing():
    application, live, apply = run("off", {})
    assert apply()["migrations"] == ["shop.0002_x"]
    assert application.asked == ["plan", "migrate"] and live.asked == []


def test_nothing_to_apply_costs_nothing():
    application, live, apply = run("refuse", {})
    application.answers["plan"] = {"migrations": []}
    assert apply()["migrations"] == []
    assert application.asked == ["plan"] and live.asked == []


def test_many_sentences_are_cut():
    assert module.refusal(["x"] * 12, "v").count("\n- ") == module.MOST + 1
