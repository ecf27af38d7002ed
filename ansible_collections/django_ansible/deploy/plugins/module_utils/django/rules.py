# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What operations of migrations mean for the release that serves: which of them is to blame, and what they break where nothing could be tried."""
from __future__ import annotations

WORDS = {
    "missing_table": "the live release still uses its table", "missing_column": "the live release still uses it",
    "not_null": "the live release writes rows without it", "type": "the live release writes values that are no longer allowed",
    "other": "the live release can no longer work with it",
}


def expected(operations: list[dict], tables: dict) -> list[dict]:
    """What the operations break, by rules: what the live release knows goes, or what it does not know has to be given.

    :param tables: what the live release knows, see trial.columns.
    """
    found = []
    for number, operation in enumerate(operations):
        later = operations[number + 1 :]
        for table, column in operation["gone"]:
            back = any([table, column] in map(list, one["made"]) for one in later if one["kind"] == "RenameField")
            if table in tables and not back and (column is None or column in tables[table]["columns"]):
                found.append(broken(tables[table], table, column, "missing_column" if column else "missing_table", operation))
        for table, column in operation["required"]:
            known, gone = tables.get(table), any([table, column] in map(list, one["gone"]) for one in later)
            if known and not gone and (column not in known["columns"] or (operation["kind"] == "AlterField" and known["columns"][column])):
                found.append(broken(known, table, column, "not_null", operation))
        for table, column in operation["retyped"]:
            if table in tables and column in tables[table]["columns"]:
                found.append(broken(tables[table], table, column, "type", operation))
    return found


def contracting(found: list[dict], plan: dict) -> list[str]:
    """The migrations of a plan that could be applied last so that nothing of *found* breaks; none unless all of them only take something away.

    :param plan: what the step plan of driver tells: C(migrations), C(needs), those that each needs, and C(operations).
    """
    if not all(one.get("operation") for one in found):
        return []
    blamed = {one["operation"]["migration"] for one in found}
    later = [name for name in plan["migrations"] if name in blamed or blamed & set(plan["needs"].get(name, []))]
    return later if may_be_last(later, plan) else []


def may_be_last(names: list[str], plan: dict) -> bool:
    """Whether none of the other migrations of a plan needs one of these, and all that these do is to take something away."""
    others = [name for name in plan["migrations"] if name not in names]
    needed = {need for name in others for need in plan["needs"].get(name, [])}
    return not needed & set(names) and all(one["later"] for one in plan["operations"] if one["migration"] in names)


def broken(known: dict, table: str, column: str | None, kind: str, operation: dict) -> dict:
    return {
        "model": known["model"], "table": table, "column": column, "field": known["fields"].get(column), "kind": kind, "error": "", "statements": [],
        "operation": operation,
    }


def blamed(one: dict, operations: list[dict]) -> dict | None:
    """The operation that broke something; None when it cannot be told."""
    table, column, kind = one["table"], one["column"], one["kind"]
    lists = {"missing_table": ("gone",), "missing_column": ("gone",), "not_null": ("required", "retyped"), "type": ("retyped", "required", "gone")}
    exact = [
        operation for name in lists.get(kind, ("gone", "required", "retyped")) for operation in operations
        if any(pair[0] == table and pair[1] in (column, None) for pair in operation[name])
    ]
    near = [operation for operation in operations if table in operation["tables"]]
    opaque = [operation for operation in operations if operation["opaque"]]
    return next(iter(exact or opaque or near), None)


def sentence(one: dict) -> str:
    """What breaks, by which migration, and how it is done safely."""
    operation = one.get("operation")
    name = "%s.%s" % (one["model"], one["field"] or one["column"]) if one["column"] else one["model"]
    said = WORDS.get(one["kind"], WORDS["other"])
    if one["statements"]:
        said += ", to %s" % " and ".join(filter(None, (", ".join(one["statements"][:-1]), one["statements"][-1])))
    parts = [said, " (%s)" % one["error"] if one["error"] else ""]
    if operation is None:
        return "%s: %s%s. Which of the migrations does that was not found." % (name, *parts)
    advice = operation["advice"]
    if not operation.get("file") and operation.get("foreign"):
        advice = "That migration is a package's: to apply it all the same, choose a quiet moment, since the live release fails there until the new one is live."
    place = ' File "%s", line %d.' % (operation["file"], operation["line"]) if operation.get("file") else ""
    does = operation["does"][:1].lower() + operation["does"][1:]
    return ("%s: migration %s would %s; %s%s. %s" % (name, operation["migration"], does, *parts, advice)).rstrip() + place
