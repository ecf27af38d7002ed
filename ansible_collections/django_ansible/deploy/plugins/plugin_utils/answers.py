# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What the modules of this collection may answer.

A host is a stranger: whoever owns it chooses what its modules return. An answer is looked through here, on the machine that runs Ansible, before it is
registered, used for another host or reported. One that is not what the module answers is a failure of that host, so that the deploy ends there.
"""
from __future__ import annotations

import json
from collections.abc import Mapping

from ansible.plugins.action.normal import ActionModule as Normal
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.contents import LARGEST_PACKED
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import COMMIT, NAME
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.kept import KeptCode
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.shapes import Shape, boolean, by_name, each, form, maybe, number, one_of, record, text

LARGEST = 4 << 20  # characters of a whole answer as JSON; the largest honest ones have the units and compose files of a host
LINE = text(4096)

release = form(NAME, "the name of a release")
commit = form(COMMIT, "a commit")
known_commit = form(r"|[0-9a-f]{40}", "a commit")
word = form(r"[A-Za-z0-9_./@:+~=-]*", "a word of letters, digits and _./@:+~=-", 300)
migration = form(r"[\w .-]+", "a migration")
digest = form(r"(sha256:[0-9a-f]{64})?", "a digest")
hexadecimal = form(r"[0-9a-f]{0,64}", "a checksum")
# As database/catalogue.py names them; one of a version before has its release's name.
dump = form(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}|" + NAME.pattern, "the id of a dump")
moment = form(r"[0-9TZ:.+-]{0,40}", "a time")
image = form(r"[^\x00-\x20]*", "an image", 600)
# Certificates of a host's own key, PEM.
pem = form(r"(-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----\n)?", "a certificate", 20000)

STATUS = record(
    release=maybe(release), revision=maybe(commit), since=maybe(moment), slot=maybe(word), units=by_name(LINE), free_mib=number, lock=maybe(LINE),
    releases=each(release), health=maybe(text()), restarts=by_name(number), memory_mib=by_name(number), certificate_days=maybe(number),
    last_dump=maybe(moment), dump_bytes=number, last_rehearsal=maybe(moment), restores_in=maybe(number), maintenance=maybe(LINE), timers=by_name(LINE),
    runs=each(LINE), drift=each(LINE), problems=each(text()),
    services=each(record(service=LINE, container=LINE, image=image, digest=image, since=moment, health=LINE)),
)
DEPLOY = record(
    app=word, release=maybe(release), previous_release=maybe(release), revision=maybe(commit), previous_revision=maybe(commit),
    target_revision=maybe(commit), url=maybe(form(r"https?://[A-Za-z0-9.*_:\[\]-]+(/[!-~]*)?", "an address of a site", 2000)), packages=each(word),
    migrations=each(migration), taken_back=each(migration), requirements=each(LINE), unknown=each(LINE), warnings=each(text()), kept=boolean, rolled_back=boolean,
    images=by_name(image), previous_images=by_name(image), status=STATUS, dump=maybe(dump),
    phases=by_name(number),
)
CHANGES = by_name(one_of("created", "replaced", "scaled", "started", "removed"))
RELEASE = record(
    release=release, revision=maybe(known_commit), bad=maybe(boolean), activated=maybe(moment), migrations=maybe(hexadecimal),
    build=maybe(hexadecimal), prepared=boolean, as_built=boolean, starts=boolean,
)
LOGS = {"times": each(number, 40000), "lines": each(LINE, 40000)}
PROVED = record(breaks=each(text()), later=each(migration))
RUN = {"output": text(8 << 20), "offset": number, "ended": boolean, "cut": boolean, "code": maybe(number), "trouble": text(), "deploy": DEPLOY}
LIVE = record(slot=maybe(one_of("blue", "green")), release=maybe(release), revision=maybe(commit))

ACTIVATED = record(release=release, revision=maybe(commit))

# As build/contents.py packs what a release holds.
packed = form(r"[A-Za-z0-9+/=]*", "a packed list", LARGEST_PACKED)

# By module, what it may answer besides what every module does; as its RETURN says.
ANSWERS: dict[str, dict[str, Shape]] = {
    "app_activate": {"slot": one_of("blue", "green"), "finished": boolean, "found_bad": boolean, "done": each(LINE), "told": each(text()), "deploy": DEPLOY},
    "app_certificate": {"identity": pem, "due": boolean, "deploy": DEPLOY},
    "app_finish": {"stopped": each(word), "commands": each(text()), "removed": each(LINE), "told": each(text()), "deploy": DEPLOY},
    "app_host": {
        "missing_packages": each(word), "account_exists": boolean, "releases": each(RELEASE), "live": LIVE, "to_finish": boolean,
        "unapplied": maybe(each(migration)), "current": boolean, "lock_kept": boolean, "activated": maybe(ACTIVATED), "found_bad": boolean,
        "told": each(text()), "renews_certificate": boolean, "once": each(word), "free_mib": number, "deploy": DEPLOY,
        "code": record(release=release, contents=packed),
    },
    "app_lock": {"lock": maybe(LINE)},
    "app_logs": LOGS,
    "app_maintenance": {"deploy": DEPLOY},
    "app_migrate": {
        "migrations": each(migration), "dump": maybe(dump), "proved": PROVED, "commands": each(text()), "told": each(text()), "deploy": DEPLOY,
    },
    "app_recovery": {"told": each(text()), "deploy": DEPLOY},
    "app_release": {
        "done": each(text()), "needs_all": text(), "unapplied": maybe(each(migration)), "activated": maybe(ACTIVATED), "finished": boolean, "found_bad": boolean,
        "told": each(text()), "deploy": DEPLOY,
    },
    "app_remove": {"removed": each(LINE), "told": each(text())},
    "app_repository": {"commit": commit},
    "app_return": {"deploy": DEPLOY},
    "app_rollback": {"migrations": each(migration), "dump": maybe(dump), "deploy": DEPLOY},
    "app_run": RUN,
    "app_status": {"deploy": DEPLOY},
    "compose_finish": {"removed": each(LINE), "told": each(text()), "deploy": DEPLOY},
    "compose_lock": {"lock": maybe(LINE)},
    "compose_logs": LOGS,
    "compose_maintenance": {"deploy": DEPLOY},
    "compose_migrate": {"migrations": each(LINE), "dump": maybe(dump), "proved": PROVED, "told": each(text()), "deploy": DEPLOY},
    "compose_pull": {
        "pulled": each(image), "activated": record(release=release, revision=maybe(known_commit)), "finished": boolean, "changes": CHANGES, "found_bad": boolean,
        "told": each(text()), "deploy": DEPLOY,
    },
    "compose_reach": {
        "project": form(r"[a-z0-9][a-z0-9_-]*", "the name of a project"), "settled": boolean, "scheduled": boolean, "pull": boolean, "digests": by_name(digest),
        "releases": each(RELEASE), "live": LIVE, "fits": each(release), "changes": CHANGES, "outdated": each(LINE),
        "activated": record(release=release, revision=maybe(known_commit), later=boolean), "found_bad": boolean, "told": each(text()), "deploy": DEPLOY,
    },
    "compose_recovery": {"told": each(text()), "deploy": DEPLOY},
    "compose_remove": {"removed": each(LINE), "told": each(text())},
    "compose_return": {"deploy": DEPLOY},
    "compose_run": RUN,
    "compose_schedule": {"scheduled": boolean},
    "compose_stack": {"manager": boolean, "changes": CHANGES, "deploy": DEPLOY},
    "compose_status": {"deploy": DEPLOY},
    "compose_up": {"changes": CHANGES, "found_bad": boolean, "told": each(text()), "deploy": DEPLOY},
    "fleet_absent": {"absent": each(word), "deploy": DEPLOY},
    "fleet_confirm": {"confirmed": boolean, "silent": each(word), "unsure": each(word), "ended": each(word), "why": LINE, "deploy": DEPLOY},
    "host_packages": {"installed": each(word), "made": boolean},
    "postgresql_leaving": {"removed": each(LINE), "told": each(text())},
    "postgresql_logins": {"ended": each(LINE)},
    "postgresql_maker": {"let_in": boolean},
    "postgresql_server": {"done": each(LINE), "former": each(LINE), "restart": text()},
    "redis_server": {"done": each(LINE), "told": each(text()), "restart": text()},
}
# What Ansible itself understands of any module. Facts are not among them: they would become variables of the play.
EVERY = {
    "changed", "failed", "skipped", "unreachable", "msg", "rc", "stdout", "stdout_lines", "stderr", "stderr_lines", "module_stdout", "module_stderr", "exception",
    "waits", "unheard", "warnings", "deprecations", "diff", "invocation", "ansible_job_id", "started", "finished", "results_file",
}


def problem_of(module: str, answer: Mapping) -> str | None:
    """What is wrong with an answer, in words that go on after the name of the host."""
    try:
        size = len(json.dumps(answer, default=str))
    except (TypeError, ValueError, RecursionError):
        return "%s answered what is no JSON" % module
    if size > LARGEST:
        return "%s answered %d MiB, and no answer has more than %d" % (module, size >> 20, LARGEST >> 20)
    words = (entry for key in ("msg", "waits") for entry in text()(key, answer.get(key) or ""))
    for place, sentence in (*words, *record(**ANSWERS[module])("", _own(module, answer))):
        return "%s answered %s, which %s" % (module, place, sentence)
    return None


def _own(module: str, answer: Mapping) -> dict:
    """What is looked through: what the module answers, and facts, which none does. Anything else is left out, so nobody ever sees it."""
    return {key: value for key, value in answer.items() if key in ANSWERS[module] or key == "ansible_facts"}


def vouched(module: str, host: str, answer: dict) -> dict:
    """What the module may answer, or a failure that says what is wrong with it and has nothing of it."""
    problem = problem_of(module, answer)
    if problem is None:
        return {key: value for key, value in answer.items() if key in EVERY or key in ANSWERS[module] or str(key).startswith("_ansible_")}
    return {
        "failed": True,
        "changed": False,
        # The module itself saw nothing amiss, so the host still has the deploy lock.
        "refused": True,
        "msg": "%s: %s. Another program than this collection's answers there: look at that host before anything is deployed to it." % (host, problem),
    }


class ActionModule(KeptCode, Normal):
    """Runs a module of the collection as Ansible runs any, and looks its answer through."""

    def _execute_module(self, module_name=None, *args, task_vars=None, **kwargs):
        answer = super()._execute_module(module_name, *args, task_vars=task_vars, **kwargs)
        if module_name is not None or self._task.async_val:
            return answer
        # Ansible itself adds the Python that it found on the host.
        facts = {self._discovered_interpreter_key: self._discovered_interpreter} if self._discovered_interpreter_key else None
        own = {key: value for key, value in answer.items() if key != "ansible_facts" or value != facts}
        checked = vouched(self._task.action.rpartition(".")[2], (task_vars or {}).get("inventory_hostname", "a host"), own)
        return {**checked, "ansible_facts": facts} if facts else checked
