import contextlib

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.recovery import Recovery
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import proof as module
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import rules
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrations import apply_plan
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.proof import Policy, Proof, found_here
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.giving_up import RunEnded

BREAK = {"model": "shop.Order", "table": "shop_order", "column": "note", "field": "note", "kind": "missing_column", "error": "no such column", "statements": ["select"]}
TABLES = {"tables": {"shop_order": {"model": "shop.Order", "columns": {"note": False}, "fields": {"note": "note"}}}}
DROP = {
    "migration": "shop.0002_x", "kind": "RemoveField", "does": "Remove field note", "advice": "", "opaque": False, "gone": [["shop_order", "note"]], "made": [],
    "required": [], "retyped": [], "tables": ["shop_order"], "later": True,
}
PLAN = {"migrations": ["shop.0002_x"], "database": {"vendor": "sqlite"}, "operations": [DROP], "needs": {"shop.0002_x": []}, "copy": {"vendor": "sqlite", "applied": [], "schema": []}}


class Fake:
    """Answers steps of the driver; what each is asked with is kept."""

    def __init__(self, **answers):
        self.answers, self.asked, self.options = answers, [], {}

    def drive(self, *steps, heard=None, has_ended=None, **options):
        self.asked += steps
        self.has_ended = has_ended
        self.options.update({step: options for step in steps})
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
    found = proved(Fake(copy_try=[tried(dict(BREAK)), tried(), tried(dict(BREAK))], columns=TABLES))
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


def run(policy, live_answers, hold=None, **more):
    application = Fake(plan=PLAN, copy_migrate={"left_out": [], "schema": []}, migrate={"migrations": ["shop.0002_x"], "times": ["shop.0002_x applied in 0.1 s"]})
    live = Fake(**live_answers)
    given = Policy(policy, lambda: live, "django_app_schema_proof", hold=hold)
    return application, live, lambda: apply_plan(application, Recovery(None, ""), attempt="", live=None, switch="", dump=False, policy=given, **more)


class Given:
    """A lock of a run that is there for as long as only these steps were asked for."""

    def __init__(self, application, *steps):
        self.application, self.steps, self.inside = application, set(steps), 0

    def keeper(self):
        return None

    def is_asked_to_stop(self):
        return not set(self.application.asked) <= self.steps

    @contextlib.contextmanager
    def while_run_lives(self):
        self.inside += 1
        yield
        self.inside -= 1
        if self.is_asked_to_stop():
            raise RunEnded


def test_a_run_that_ends_before_its_migrations_begin_has_applied_none():
    application, _, go = run("off", {})
    lock = Given(application)
    with pytest.raises(RunEnded):
        apply_plan(application, Recovery(None, ""), attempt="", live=None, switch="", dump=False, policy=Policy("off"), lock=lock)
    assert application.asked == ["plan"]


def test_what_waits_for_the_database_before_the_first_migration_hears_of_its_run():
    application, _, go = run("off", {})
    lock = Given(application, "plan", "migrate")
    done = apply_plan(application, Recovery(None, ""), attempt="", live=None, switch="", dump=False, policy=Policy("off"), lock=lock)
    assert done["migrations"] == ["shop.0002_x"]
    assert application.has_ended == lock.is_asked_to_stop


def breaking():
    return {"copy_try": [tried(dict(BREAK)), tried(), tried(dict(BREAK))], "columns": TABLES}


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


def test_held_for_is_what_breaks_the_live_release_and_nothing_else():
    held = []
    application, _, apply = run("hold", breaking(), lambda *told: held.append((*told, *application.asked[-1:])))
    result = apply()
    assert result["migrations"] == ["shop.0002_x"] and held == [(["shop.0002_x"], None, "copy_migrate")] and result["warnings"] == []
    assert any("requests wait" in sentence for sentence in result["told"])
    _, _, apply = run("hold", {"copy_try": tried(), "columns": TABLES}, lambda *told: held.append(told))
    assert apply()["migrations"] == ["shop.0002_x"] and len(held) == 1


def test_what_cannot_be_held_for_is_refused():
    application, _, apply = run("hold", breaking())
    with pytest.raises(CommandFailed, match="Requests can only wait where a single host has the application"):
        apply()
    assert "migrate" not in application.asked


def test_migrations_that_fail_are_not_held_for():
    application, _, apply = run("hold", {}, lambda *told: pytest.fail("held"))
    application.answers["copy_migrate"] = {"failed": "no such table", "left_out": []}
    with pytest.raises(CommandFailed, match="no such table"):
        apply()


def staged(live, new, migrated=None):
    """A plan of a column that comes and one that goes, with what both releases do without the second."""
    plan = {
        **PLAN, "migrations": ["shop.0002_new", "shop.0003_x"], "needs": {"shop.0002_new": [], "shop.0003_x": ["shop.0002_new"]},
        "operations": [{**DROP, "migration": "shop.0002_new", "gone": [], "later": False, "tables": ["shop_order"]}, {**DROP, "migration": "shop.0003_x"}],
    }
    application = Fake(plan=plan, copy_migrate=migrated or {"left_out": [], "schema": []}, columns=TABLES, copy_try=new, migrate={"migrations": ["shop.0002_new"], "times": []})
    policy = Policy("refuse", lambda: Fake(copy_try=[tried(dict(BREAK)), tried(), live], columns=TABLES), "django_app_schema_proof")
    return application, lambda: apply_plan(application, Recovery(None, ""), attempt="", live=None, switch="", dump=False, policy=policy)


def test_what_only_takes_away_waits_where_both_releases_work_without():
    application, apply = staged(tried(), tried())
    result = apply()
    assert (result["migrations"], result["later"], result["warnings"]) == (["shop.0002_new"], ["shop.0003_x"], [])
    assert application.options["migrate"] == {"only": ["shop.0002_new"]} and application.options["copy_migrate"]["only"] == ["shop.0002_new"]


@pytest.mark.parametrize("live, new, migrated", [
    (tried(), tried(dict(BREAK, kind="not_null")), None), (tried(dict(BREAK)), tried(), None), (tried(), tried(untried=["shop.Order: no row could be made"]), None),
    (tried(), tried(), [{"left_out": [], "schema": []}, {"failed": "no such table", "left_out": []}]),
])
def test_what_either_release_needs_or_cannot_have_does_not_wait(live, new, migrated):
    application, apply = staged(live, new, migrated)
    with pytest.raises(CommandFailed, match="would break the live release"):
        apply()
    assert "migrate" not in application.asked


def test_what_does_more_than_take_away_does_not_wait():
    operations = [{**DROP, "migration": "a"}, {**DROP, "migration": "b", "gone": []}, {**DROP, "migration": "c", "gone": [], "later": False}]
    plan = {"migrations": ["a", "b", "c"], "needs": {"b": ["a"], "c": []}, "operations": operations}
    found = [{**BREAK, "operation": operations[0]}]
    assert rules.contracting(found, plan) == ["a", "b"]
    assert rules.contracting(found, {**plan, "needs": {"b": ["a"], "c": ["a"]}}) == []
    assert rules.contracting([{**BREAK, "operation": None}], plan) == []


OLD = "20260101T000000Z-aaaaaaa"


def in_a_fleet(*elsewhere, live=None, new=None, plan=PLAN, policy="refuse"):
    """A deploy whose leader has nothing to prove, or a live release that answers; what other hosts with other releases found."""
    application = Fake(plan=plan, copy_migrate={"left_out": [], "schema": []}, columns=TABLES, copy_try=new or tried(), migrate={"migrations": ["shop.0002_x"], "times": []})
    given = Policy(policy, (lambda: live) if live else None, "django_app_schema_proof", elsewhere=[{"host": "app2", "release": OLD, "proved": one} for one in elsewhere])
    return application, lambda: apply_plan(application, Recovery(None, ""), attempt="", live=None, switch="", dump=False, policy=given)


def test_what_breaks_the_live_release_of_another_host_is_refused_with_both_names():
    for live in (None, Fake(copy_try=tried(), columns=TABLES)):
        application, apply = in_a_fleet({"breaks": ["shop.Order.note: gone"], "later": []}, live=live)
        with pytest.raises(CommandFailed, match=r"- shop.Order.note: gone \(of %s, which is live on app2\)" % OLD):
            apply()
        assert "migrate" not in application.asked
    application, apply = in_a_fleet({"breaks": ["shop.Order.note: gone"], "later": []}, policy="warn")
    assert "which is live on app2" in apply()["warnings"][0]


def test_what_another_host_survives_or_nobody_tried_is_applied():
    application, apply = in_a_fleet({"breaks": [], "later": []}, None)
    result = apply()
    assert result["migrations"] == ["shop.0002_x"] and "later" not in result
    assert result["warnings"] == ["whether %s, which is live on app2, works with these migrations was not tried there" % OLD]


def test_what_another_host_still_uses_waits_where_every_release_works_without():
    # The leader has the new release already: it made no copy with the plan.
    plan = {key: value for key, value in PLAN.items() if key not in ("copy", "database")}
    application, apply = in_a_fleet({"breaks": ["shop.Order.note: gone"], "later": ["shop.0002_x"]}, plan=[plan, PLAN])
    result = apply()
    assert (result["later"], result["warnings"]) == (["shop.0002_x"], []) and application.options["migrate"] == {"only": []}
    # The leader's own live release needs it, too, but not before the end.
    live = Fake(copy_try=[tried(dict(BREAK)), tried(), tried()], columns=TABLES)
    assert in_a_fleet({"breaks": ["gone"], "later": ["shop.0002_x"]}, live=live)[1]()["later"] == ["shop.0002_x"]


@pytest.mark.parametrize("wrong", [
    {"new": tried(dict(BREAK, kind="not_null"))}, {"plan": {**PLAN, "operations": [{**DROP, "later": False}]}},
    {"plan": {**PLAN, "migrations": ["shop.0002_x", "shop.0003_y"], "needs": {"shop.0002_x": [], "shop.0003_y": ["shop.0002_x"]}}},
])
def test_a_host_cannot_have_just_anything_wait(wrong):
    application, apply = in_a_fleet({"breaks": ["gone"], "later": ["shop.0002_x"]}, **wrong)
    with pytest.raises(CommandFailed, match="which is live on app2"):
        apply()
    assert "migrate" not in application.asked


def test_one_that_cannot_wait_keeps_the_others_from_it():
    application, apply = in_a_fleet({"breaks": ["gone"], "later": ["shop.0002_x"]}, {"breaks": ["more"], "later": []})
    with pytest.raises(CommandFailed, match="more"):
        apply()


def test_a_host_that_does_not_migrate_tells_what_its_live_release_does():
    application = Fake(plan=PLAN, copy_migrate={"left_out": [], "schema": []}, columns=TABLES, copy_try=tried())
    live = Fake(copy_try=[tried(dict(BREAK)), tried(), tried()], columns=TABLES)
    found = found_here(application, None, Policy("refuse", lambda: live))
    assert found["proved"]["later"] == ["shop.0002_x"] and found["proved"]["breaks"][0].startswith("shop.Order.note")
    assert "migrate" not in application.asked and "does not work on" in found["told"][0]
    application.answers["plan"] = {"migrations": []}
    assert found_here(application, None, Policy("refuse", lambda: live))["proved"] == {"breaks": [], "later": []}


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
    assert module.refusal(["x"] * 12, Policy("refuse", variable="v")).count("\n- ") == module.MOST + 1
