# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a deploy and a rollback do about migrations, in both modes. An *application* is what can be driven: see driver."""
from __future__ import annotations

import contextlib
from collections.abc import Callable

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import reason
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.kinds import trouble
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.copies import new_name
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.proof import OFF, Policy, Proof, refusal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.progress import listener

MOST_NAMED = 5  # migrations that an error names
# Arguments of a module that applies a plan, as the documentation of migrating has them.
MIGRATING = {
    "elsewhere": {"type": "list", "elements": "dict", "default": []},
    "proves_only": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 3},
    "lock_tries": {"type": "int", "default": 10},
    "timeout": {"type": "int", "default": 0},
}


def apply_plan(
    application, recovery, *, attempt: str, live: str | None, switch: str, dump: bool, also: tuple = (), policy: Policy = OFF, patience: dict | None = None, lock: DeployLock | None = None
) -> dict:
    """Applies what Django's plan holds, after the proof that the live release survives it, and with a dump before.

    Tells ``migrations``, and ``dump``, ``warnings`` and ``told``, sentences for the log, where there are any; ``later`` are migrations that are left for :func:`contract`.

    :param recovery: takes the dump, see database.recovery.
    :param attempt: the release that is on its way; *live* the one that the dump would bring back.
    :param switch: the variable that turns dumps off, for errors.
    :param also: further steps to drive in the same process as the plan; what they find goes to ``found``.
    :param policy: what is proved before.
    :param patience: C(lock_timeout) in seconds and C(lock_tries) of each statement, see the step migrate of driver.
    :param lock: this run's. Its keeper is told how far the migrations are. Until one has begun, all is given up with the run.
    :raises CommandFailed: when Django, the dump or the proof says no; then nothing was applied.
    :raises RunEnded: when the run has ended; then nothing was applied either.
    """
    with lock.while_run_lives() if lock else contextlib.nullcontext():
        result, later, hold = _made_ready(application, recovery, attempt, live, switch, dump, also, policy)
    if not result["migrations"]:
        return result
    if hold:
        hold()
    only = {"only": [name for name in result["migrations"] if name not in later]} if later else {}
    done = applied(application, result["migrations"], lock, **only, **(patience or {}))
    result["told"] += done.get("times", [])
    return {**result, "migrations": done["migrations"]}


def _made_ready(application, recovery, attempt: str, live: str | None, switch: str, dump: bool, also: tuple, policy: Policy) -> tuple[dict, list, Callable | None]:
    """What comes before the first migration: the plan, its proof and the dump. What :func:`apply_plan` tells, the migrations that are left for later, and what has requests wait."""
    copy = new_name()
    found = application.drive("plan", *also, dump=dump, **policy.asks_of_plan(copy))
    plan = found.pop("plan")
    result: dict = {"migrations": plan["migrations"], "warnings": [], "told": [], **({"found": found} if also else {})}
    if not result["migrations"]:
        return result, [], None
    holds, later = False, []
    if policy.proves:
        live_code = policy.live() if policy.live else None
        proof = Proof(application, live_code, recovery.client, plan, copy, policy.maker).run(policy.elsewhere)
        later = proof.later
        holds = bool(proof.breaks) and not later and not proof.fails and policy.hold is not None
        if proof.breaks and policy.kind != "warn" and not (later or holds):
            raise CommandFailed(refusal(proof.breaks, policy))
        result["warnings"] += proof.notes + ([] if later or holds else ["the live release may break: %s" % one for one in proof.breaks])
        result["told"] += filter(None, [proof.told])
        if later:
            result["later"] = later
            result["told"].append("%s: applied once the new release is live everywhere, since the live one still uses what goes, and both work without that" % ", ".join(later))
    if dump:
        reason_not = trouble(plan["database"])
        if reason_not:
            result["warnings"].append("no dump was made before the migration: %s" % reason_not)
        else:
            result["dump"] = dumped(recovery, plan["database"], switch, before=plan["migrations"], attempt=attempt, release=live)
    if not holds:
        return result, later, None
    result["told"].append("requests wait until the new release is live, since the live one would break: %s" % proof.breaks[0])
    return result, later, lambda: policy.hold(plan["migrations"], result.get("dump"))


def dumped(recovery, database: dict, switch: str, **facts: object) -> str:
    """Makes the dump before migrations, and tells its id.

    :param switch: variable that turns it off.
    :param facts: as the recovery's C(dump) takes them.
    :raises CommandFailed: when there can be none.
    """
    try:
        return recovery.dump(database, **facts)["id"]
    except CommandFailed as error:
        raise CommandFailed("%s, or set %s: false" % (error, switch)) from error


def applied(application, names: list[str], lock: DeployLock | None, **options: object) -> dict:
    """Applies migrations, of which *names* are shown as they go on, and tells what the step migrate of driver does.

    :raises RunEnded: when the run of *lock* has ended before the first one has begun.
    """
    heard = listener(lock.keeper() if lock else None, names)
    return application.drive("migrate", heard=heard, has_ended=lock.is_asked_to_stop if lock else None, **options)["migrate"]


def stay(names: list[str]) -> str:
    """What a sentence says of migrations that are applied although a later one failed; empty without one."""
    more = "" if len(names) <= MOST_NAMED else " and %d more" % (len(names) - MOST_NAMED)
    return " (applied before that, and left so: %s%s)" % (", ".join(names[:MOST_NAMED]), more) if names else ""


def contract(waiting: dict | None, application, *, run_id: str, everywhere: bool, applied, keeper: str | None = None) -> dict:
    """Applies what :func:`apply_plan` left for the time when nothing uses any more what goes. Tells ``migrations`` and ``told``.

    :param waiting: what the live release's record has as C(later): C(run), C(migrations) and C(patience).
    :param application: gives the live release's when it is called.
    :param everywhere: whether every host of the application was part of the deploy.
    :param applied: is called once they are.
    :param keeper: see apply_plan.
    :raises CommandFailed: when that fails; the live release goes on without.
    """
    if not waiting or waiting["run"] != run_id:
        return {"migrations": [], "told": []}
    names = ", ".join(waiting["migrations"])
    if not everywhere:
        return {"migrations": [], "told": ["%s: not applied yet, since a host of the application was not part of this deploy and may serve the release before" % names]}
    try:
        done = application().drive("migrate", heard=listener(keeper, waiting["migrations"]), only=waiting["migrations"], **waiting["patience"])["migrate"]
    except CommandFailed as error:
        raise CommandFailed("the next deploy has to apply %s: %s" % (names, error)) from error
    applied()
    return {"migrations": done["migrations"], "told": done.get("times", [])}


def left_waiting(waiting: dict | None, run_id: str) -> list[str]:
    """Warnings of a step that finds its deploy ended by an earlier try, which said itself why it has not applied them, to nobody.

    :param waiting: as :func:`contract` takes it.
    """
    if not waiting or waiting["run"] != run_id:
        return []
    return ["%s: the deploy was ended without, in a try whose connection broke, and the next one has to apply that" % ", ".join(waiting["migrations"])]


def unknown_to(target, others) -> list[str]:
    """Migrations that are applied and that a release does not know. Rows of applications that neither it nor the live release has do not count.

    :param others: gives the applications of the other releases, the live one first.
    """
    found = target.drive("unknown_migrations")["unknown_migrations"]
    strange = {name for name in found["migrations"] if name.split(".", 1)[0] not in found["apps"]}
    if strange:
        live = next(iter(others()), None)
        apps = live.drive("unknown_migrations")["unknown_migrations"]["apps"] if live else []
        strange = {name for name in strange if name.split(".", 1)[0] not in apps}
    return [name for name in found["migrations"] if name not in strange]


def take_back(names: list[str], others) -> None:
    """Reverses migrations with the code of a release that has them all: the live one, else the newest, also one whose deploy failed.

    :raises CommandFailed: when no release that is kept has them.
    """
    for application in others():
        if not application.drive("lacking", migrations=names)["lacking"]["migrations"]:
            application.drive("reverse", migrations=names)
            return
    raise CommandFailed("no release that this host keeps has %s and could take them back: deploy one that has, or roll back with restore" % ", ".join(names))


def ready_database(target, others, recovery, *, release: str, policy: str, variable: str, check_mode: bool) -> dict:
    """Makes the database ready for an older release.

    :param target: the older release's application.
    :param others: gives the applications of the other releases, the live one first, then from the newest on.
    :param policy: what to do about migrations that the older release does not know; *variable* is where it comes from, for errors.
    """
    unknown = unknown_to(target, others)
    result = {"changed": False, "migrations": unknown, "warnings": []}
    if not unknown:
        return result
    names = ", ".join(unknown)
    if not policy:
        raise CommandFailed(
            "release %s does not know migrations that are applied: %s. Set %s to keep (the older code runs on the newer "
            "schema), reverse (they are taken back) or restore (the dump from before them; what was written since is lost)" % (release, names, variable)
        )
    if policy == "keep":
        return {**result, "warnings": ["the older release runs on the newer schema, with %s applied" % names]}
    result["changed"] = True
    if policy == "reverse":
        if not check_mode:
            take_back(unknown, others)
        return {**result, "warnings": ["these migrations were taken back: %s" % names]}
    facts = target.drive("database")["database"]
    record = recovery.catalogue.fitting(unknown, recovery.database_of(facts).name)
    if check_mode:
        return {**result, "dump": record["id"], "warnings": ["the database would be restored from the dump %s (%s)" % (record["id"], reason(record))]}
    restored = recovery.restore(record, target)
    return {**result, "dump": record["id"], "warnings": [restored["told"]]}
