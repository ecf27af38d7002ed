# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Whether the live release can go on working while and after migrations are applied: tried on a copy of the schema that has no rows.

The new code migrates the copy, the live release's code works on it. Where no copy can be had, rules over the operations stand in.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ansible_collections.django_ansible.deploy.plugins.module_utils.django import rules
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.copies import Maker, copy_of, new_name
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

MOST = 8  # sentences of one kind that are shown


@dataclass
class Policy:
    """Whether there is a proof, and what follows from it.

    :param kind: C(refuse), C(warn), C(hold) or C(off).
    :param live: gives the live release's application when it is called; None when there is none.
    :param variable: where *kind* comes from, for errors.
    :param release_dir: of the new release, for the places of its migrations; empty where they are in no repository of the user's.
    :param maker: see copies.
    :param hold: has requests wait from now on, before migrations that break the live release; called with them and the id of the dump from before. None where
        they cannot wait.
    :param elsewhere: of each other live release of the fleet C(host), C(release) and, as C(proved), what :func:`found_here` told there; None where nothing did.
    """

    kind: str
    live: Callable | None = None
    variable: str = ""
    release_dir: str = ""
    maker: Maker = Maker()
    hold: Callable | None = None
    elsewhere: list = field(default_factory=list)

    @property
    def proves(self) -> bool:
        return self.kind != "off" and (self.live is not None or bool(self.elsewhere))

    def asks_of_plan(self, copy: str) -> dict:
        """What the plan step of driver has to tell for it.

        :param copy: the name that a copy gets.
        """
        if not self.proves:
            return {}
        return {**({"proof": copy} if self.live else {"operations": True}), "release_dir": self.release_dir}


OFF = Policy("off")


class NotMigrated(Exception):
    """The migrations fail on a copy of the schema. That they would on the database is *certain* where all of them are Django's own operations."""

    def __init__(self, words: str, certain: bool) -> None:
        super().__init__("the migrations fail on a copy of the schema, which has no rows: %s" % words)
        self.certain = certain


class Proof:
    """One proof. After :meth:`run`, ``breaks`` and ``notes`` have sentences, ``told`` is one for the log; ``fails`` is whether the
    migrations themselves do. ``later`` has the migrations that may be applied once nothing uses any more what they take away, when that helps.

    :param application: the new release's, as it can be driven.
    :param live: the live release's; None where this host has none, or where that is the new one.
    :param client: runs PostgreSQL clients, see backup.
    :param maker: see copies.
    """

    def __init__(self, application, live, client, plan: dict, name: str, maker: Maker = Maker()) -> None:
        self.application, self.live, self.client, self.plan, self.name, self.maker = application, live, client, plan, name, maker
        self.breaks: list[str] = []
        self.notes: list[str] = []
        self.told = ""
        self.fails = False
        self.later: list[str] = []

    def run(self, elsewhere: list | tuple = ()) -> Proof:
        """Tries the live release of this host, if there is one, and adds what other hosts found, see Policy."""
        if self.live is not None:
            self.try_live()
        self.hear(elsewhere)
        return self

    def try_live(self) -> None:
        started = time.monotonic()
        try:
            found = self.tried()
        except NotMigrated as error:
            if error.certain:
                self.fails = True
                self.breaks, self.told = [str(error)], "the migrations fail on a copy of the schema"
            else:
                self.stand_in(error)
            return
        except CommandFailed as error:
            self.stand_in(error)
            return
        self.breaks = [rules.sentence(one) for one in found]
        if found:
            self.later = self.split(rules.contracting(found, self.plan))
        self.told = "the live release %s the migrated schema: %d models tried on a copy without rows, in %.1f s" % (
            "does not work on" if found else "works on", self.count, time.monotonic() - started
        )

    def hear(self, elsewhere: list | tuple) -> None:
        """A migration waits for the end only where each release that it would break can do without what goes."""
        self.notes += [
            "whether %s, which is live on %s, works with these migrations was not tried there" % (one["release"], one["host"]) for one in elsewhere if not one["proved"]
        ]
        broken = [one for one in elsewhere if one["proved"] and one["proved"]["breaks"]]
        if not broken:
            return
        asked = {name for one in broken for name in one["proved"]["later"]}.union(self.later)
        later = [name for name in self.plan["migrations"] if name in asked]
        splits = (self.later or not self.breaks) and all(one["proved"]["later"] for one in broken) and rules.may_be_last(later, self.plan)
        if later != self.later:
            self.later = self.split(later) if splits else []
        elif not splits:
            self.later = []
        self.breaks += ["%s (of %s, which is live on %s)" % (sentence, one["release"], one["host"]) for one in broken for sentence in one["proved"]["breaks"]]

    def split(self, later: list[str]) -> list[str]:
        """As both_work_without; whether they do may stay unknown."""
        try:
            return self.both_work_without(later)
        except CommandFailed as error:
            self.notes.append("whether the migrations can be applied in two stages was not found out: %s" % " ".join(str(error).split())[:300])
            return []

    def tried(self) -> list[dict]:
        """What breaks, each with the operation that does it."""
        operations = self.plan["operations"]
        with self.copy() as copy:
            migrated = self.application.drive("copy_migrate", copy=copy)["copy_migrate"]
            if migrated.get("failed"):
                raise NotMigrated(migrated["failed"], certain=not migrated["left_out"] and not any(one["opaque"] for one in operations))
            found = self.live.drive("copy_try", "columns", copy={**copy, "schema": migrated.get("schema", [])})
        trial, tables = found["copy_try"], found["columns"]["tables"]
        self.count = trial["models"]
        self.notes += ["the proof left out, as it fails on a copy without rows: %s" % one for one in migrated["left_out"]]
        breaks = trial["breaks"]
        if breaks:
            breaks = self.without_those_of_before(breaks)
        breaks = [one for one in breaks if self.is_of_the_schema(one)]
        for one in breaks:
            one["operation"] = rules.blamed(one, operations)
        # What could not be tried is judged by rules.
        known = {(one["table"], one["column"]) for one in breaks}
        untried = {sentence.partition(":")[0] for sentence in trial["untried"]}
        breaks += [one for one in rules.expected(operations, tables) if one["model"] in untried and (one["table"], one["column"]) not in known]
        return breaks

    def without_those_of_before(self, breaks: list[dict]) -> list[dict]:
        """Those that the migrations make: what the trial cannot do on the schema of today either is no one's fault but its own."""
        self.renew()
        with self.copy() as copy:
            before = self.live.drive("copy_try", copy=copy)["copy_try"]["breaks"]
        known = {(one["table"], one["column"], one["kind"]) for one in before}
        for one in before:
            self.notes.append("%s could not be tried: %s" % (one["model"], one["error"]))
        return [one for one in breaks if (one["table"], one["column"], one["kind"]) not in known]

    def is_of_the_schema(self, one: dict) -> bool:
        """A value that does not fit blames the migrations only where one of them may have made a column smaller."""
        if one["kind"] != "type" or rules.blamed(one, [each for each in self.plan["operations"] if each["retyped"] or each["gone"] or each["opaque"]]):
            return True
        self.notes.append("%s could not be tried in full: %s" % (one["model"], one["error"]))
        return False

    def both_work_without(self, later: list[str]) -> list[str]:
        """Those migrations, if the live and the new release can both work on the schema that the others make; else none."""
        if not later:
            return []
        self.renew()
        first = [name for name in self.plan["migrations"] if name not in later]
        touched = {table for one in self.plan["operations"] if one["migration"] in later for table in one["tables"]}
        with self.copy() as copy:
            migrated = self.application.drive("copy_migrate", copy=copy, only=first)["copy_migrate"]
            made = {**copy, "schema": migrated.get("schema", [])}
            releases = [one for one in (self.live, self.application) if one is not None]
            return later if not migrated.get("failed") and all(works(one.drive("copy_try", "columns", copy=made), touched) for one in releases) else []

    def renew(self) -> None:
        """Has another copy be made: on MySQL the plan step makes its database. Without a live release here it was asked for none."""
        if "copy" not in self.plan or self.plan["copy"]["vendor"] == "mysql":
            self.name = new_name()
            found = self.application.drive("plan", proof=self.name)["plan"]
            self.plan = {**self.plan, "copy": found["copy"], "database": found["database"]}

    def copy(self):
        return copy_of(self.plan, self.application, self.client, self.name, self.maker)

    def stand_in(self, error: CommandFailed) -> None:
        """Rules over the operations, which cannot see what is written in SQL."""
        reason = " ".join(str(error).split())[:400]
        tables = self.live.drive("columns")["columns"]["tables"]
        self.breaks = [rules.sentence(one) for one in rules.expected(self.plan["operations"], tables)]
        opaque = sorted({one["migration"] for one in self.plan["operations"] if one["opaque"]})
        self.notes.append(
            "the live release could not be tried on the migrated schema (%s); instead, rules looked at the operations, which find less%s"
            % (reason, ", and nothing in %s" % ", ".join(opaque) if opaque else "")
        )
        self.told = "rules over the operations find %s" % ("what breaks the live release" if self.breaks else "nothing that breaks the live release")


def works(found: dict, tables: set[str]) -> bool:
    """Whether a release was found to work on a copy, and nothing of these tables stayed untried."""
    labels = {known["model"] for table, known in found["columns"]["tables"].items() if table in tables}
    return not found["copy_try"]["breaks"] and not any(sentence.partition(":")[0] in labels for sentence in found["copy_try"]["untried"])


def found_here(application, client, policy: Policy) -> dict:
    """What the live release of this host does with the migrations, where another host applies them. Tells C(proved), C(warnings) and C(told).

    :raises CommandFailed: when the new release or the live one does not start.
    """
    copy = new_name()
    plan = application.drive("plan", **policy.asks_of_plan(copy))["plan"]
    if not plan["migrations"]:
        return {"proved": {"breaks": [], "later": []}, "warnings": [], "told": []}
    proof = Proof(application, policy.live(), client, plan, copy, policy.maker).run()
    return {"proved": {"breaks": proof.breaks, "later": proof.later}, "warnings": proof.notes, "told": [proof.told]}


def refusal(breaks: list[str], policy: Policy) -> str:
    return "the migrations would break the live release, so none was applied:\n%s\n%sSet %s: warn to apply them all the same." % (
        "\n".join("- " + one for one in [*breaks[:MOST], *(["and %d more" % (len(breaks) - MOST)] if len(breaks) > MOST else [])]),
        "Requests can only wait where a single host has the application. " if policy.kind == "hold" else "", policy.variable,
    )
