from ansible_collections.django_ansible.deploy.plugins.module_utils.django import rules

TABLES = {"shop_order": {"model": "shop.Order", "columns": {"id": False, "note": False, "tag_id": True}, "fields": {"id": "id", "note": "note", "tag_id": "tag"}}}


def operation(kind="RemoveField", **more):
    empty = {name: [] for name in ("gone", "made", "required", "retyped", "tables")}
    return {"migration": "shop.0002_x", "kind": kind, "does": "Remove field note", "advice": "Do it so.", "opaque": False, **empty, **more}


def broken(*operations):
    return [(one["model"], one["column"], one["kind"]) for one in rules.expected(list(operations), TABLES)]


def test_what_the_live_release_knows_must_stay():
    assert broken(operation(gone=[("shop_order", "note")])) == [("shop.Order", "note", "missing_column")]
    assert broken(operation(gone=[("shop_order", None)])) == [("shop.Order", None, "missing_table")]


def test_what_it_has_forgotten_may_go():
    assert broken(operation(gone=[("shop_order", "legacy")])) == []
    assert broken(operation(gone=[("shop_gone", None)])) == []


def test_a_column_that_it_does_not_know_must_not_be_required():
    assert broken(operation("AddField", required=[("shop_order", "added")])) == [("shop.Order", "added", "not_null")]
    assert broken(operation("AddField", required=[("shop_new", "added")])) == []


def test_a_column_that_it_leaves_empty_must_not_be_required():
    assert broken(operation("AlterField", required=[("shop_order", "tag_id")])) == [("shop.Order", "tag_id", "not_null")]
    assert broken(operation("AlterField", required=[("shop_order", "note")])) == []


def test_what_counts_is_what_a_plan_comes_to():
    renamed = operation("RenameField", gone=[("shop_order", "note_new")], made=[("shop_order", "note")])
    assert broken(operation(gone=[("shop_order", "note")]), renamed) == []
    assert broken(operation("AddField", required=[("shop_order", "note_new")]), renamed) == []


def test_the_operation_that_is_to_blame():
    one = {"table": "shop_order", "column": "note", "kind": "missing_column"}
    other, right, sql = operation(gone=[("shop_order", "tag_id")]), operation(gone=[("shop_order", "note")]), operation("RunSQL", opaque=True)
    assert rules.blamed(one, [other, sql, right]) is right
    assert rules.blamed(one, [other, sql]) is sql
    assert rules.blamed(one, []) is None


def test_a_sentence_has_names_place_and_the_safe_way():
    one = {"model": "shop.Order", "table": "shop_order", "column": "note", "field": "note", "kind": "missing_column", "error": "no such column", "statements": ["select", "insert"]}
    said = rules.sentence({**one, "operation": operation(file="/opt/a/releases/r/shop/migrations/0002_x.py", line=9)})
    assert said == (
        "shop.Order.note: migration shop.0002_x would remove field note; the live release still uses it, to select and insert (no such column). Do it so. "
        'File "/opt/a/releases/r/shop/migrations/0002_x.py", line 9.'
    )
    assert "a package's" in rules.sentence({**one, "operation": operation(foreign=True)})
    assert "was not found" in rules.sentence({**one, "operation": None})
