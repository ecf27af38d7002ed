# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What the steps of driver answer. The project's code runs in the same process and can answer in their place, so each answer is looked at once, here."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import TEXT, fits


class Names(dict):
    """What a mapping has by name; a name that ends with ? may be missing, or null."""


WORDS = [str]
# Of migrations that were applied before one failed.
MIGRATION, MOST_APPLIED = r"[\w .-]{1,200}", 2000
WARNINGS = Names({"warnings": WORDS})
# A database's parameters become variables and arguments of its programs, which end at a zero byte.
DATABASE = Names({"vendor": str, "size?": int, "version?": int, "parameters?": {str: TEXT}})
COPY = Names({"vendor": str, "applied": list, "schema?": WORDS, "trouble?": str})
STEPS = {
    "settings": Names({"text": str, "warnings": WORDS, "uses_given_key": bool}),
    "check": WARNINGS,
    "missing_migrations": WARNINGS,
    "entry": WARNINGS,
    "plan": Names({"migrations": WORDS, "database?": DATABASE, "operations?": [dict], "needs?": {str: WORDS}, "copy?": COPY}),
    "unapplied": Names({"migrations?": WORDS, "mark?": r"[0-9a-f]{64}", "empty?": DATABASE}),
    "database": DATABASE,
    "migrate": Names({"migrations": WORDS, "times?": WORDS}),
    "columns": Names({"tables": dict}),
    "copy_migrate": Names({"left_out": WORDS, "failed?": str, "schema?": WORDS}),
    "copy_try": Names({"models": int, "breaks": [dict], "untried": WORDS}),
    "unknown_migrations": Names({"migrations": WORDS, "apps": WORDS}),
    "lacking": Names({"migrations": WORDS}),
    "ready": Names({"errors": WORDS, "migrations": WORDS, "unknown": WORDS}),
}


def refusal(found: dict, message: str) -> CommandFailed:
    """What is raised for an answer of driver that has an C(error)."""
    failed = CommandFailed(message)
    applied = found.get("applied")
    failed.applied = applied if _is(applied, [MIGRATION]) and len(applied) <= MOST_APPLIED else []
    return failed


def checked(found: object, steps: tuple[str, ...]) -> dict:
    """An answer of driver to these steps that has no C(error).

    :raises CommandFailed: when it is not what they answer.
    """
    for step in steps:
        if not isinstance(found, dict) or not _is(found.get(step), STEPS.get(step, dict)):
            raise CommandFailed("the project's own code answers in the place of the deploy's about %s: look what it does when Django starts" % step)
    return found


def _is(value: object, wanted: object) -> bool:
    if not isinstance(wanted, Names):
        return fits(value, wanted)
    return isinstance(value, dict) and all(
        (name.endswith("?") and value.get(name[:-1]) is None) or _is(value.get(name.rstrip("?")), inner) for name, inner in wanted.items()
    )
