# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What the builder and the project's own code may answer. Whoever writes the code chooses what it says, so root takes known names in known forms alone."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

LONGEST = 4000  # characters of a text
MOST = 1000  # texts of a list
TEXT, FLAG = (str, type(None)), (bool,)
# What django/driver.py tells of a project's settings.
FACTS = {
    "home": FLAG, "debug": FLAG, "migrations": (str,), "static_root": TEXT, "static_url": TEXT, "wsgi": TEXT, "engine": TEXT, "media_root": TEXT,
    "sqlite": (list,), "uploads": (dict,),
}


def texts(value: object) -> list[str]:
    """A list of short texts; nothing of what is none."""
    return [entry[:LONGEST] for entry in value[:MOST] if isinstance(entry, str)] if isinstance(value, list) else []


def facts_of(found: object) -> dict:
    """What a project's settings say, and nothing else.

    :raises CommandFailed: when something of it has not its form.
    """
    answer = found if isinstance(found, dict) else {}
    wrong = sorted(name for name, types in FACTS.items() if not isinstance(answer.get(name), types) or len(str(answer.get(name))) > LONGEST * 10)
    if wrong:
        raise CommandFailed("the project's own code answers in the place of the deploy's about %s: look what it does when Django starts" % ", ".join(wrong))
    return {**{name: answer[name] for name in FACTS if name in answer}, "sqlite": texts(answer["sqlite"])}


def hint_of(value: object) -> dict:
    """What the builder knows of modules that may be missed, see venv.Plan.missing_module_help; empty when it has not that form."""
    if not isinstance(value, dict) or not all(isinstance(value.get(name), str) for name in ("taken", "others")) or not isinstance(value.get("folders"), dict):
        return {}
    folders = {name: place for name, place in value["folders"].items() if isinstance(place, str)}
    return {"taken": value["taken"][:LONGEST], "others": value["others"][:LONGEST], "folders": folders}
