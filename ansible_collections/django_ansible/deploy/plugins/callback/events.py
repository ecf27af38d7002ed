# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: events
type: aggregate
short_description: Writes what happened in a run as JSON lines
description:
  - Appends one JSON object a line to a file, for each play, task, host result and for the closing recap.
  - It is the machine's view of a run. It prints nothing of its own, so it works beside any stdout callback, verbosity or log.
  - A result under C(no_log) carries its status and timing and no value at all.
  - Under C(--diff) a changed result carries what changed, as a unified diff; what only its owner may read is not shown, nor values whose
    names sound like secrets.
options:
  path:
    description:
      - File to append to. It is created with mode 0600. Without a path the plugin does nothing.
    type: path
    env:
      - name: DJANGO_ANSIBLE_EVENTS_PATH
  play_marker:
    description:
      - A word that only the caller knows. When set, a line C(<play_marker> <play name>) is displayed as each play starts, so that
        a caller that reads the output can see where a play begins without guessing from its wording.
    type: str
    env:
      - name: DJANGO_ANSIBLE_EVENTS_PLAY_MARKER
notes:
  - A task whose variables have C(deploy_phase), as those of an import or a block, begins a play of that name in the file, so that a run of one play has
    its phases kept apart.
  - Every line has C(event) (V(play), V(task), V(result) or V(stats)) and C(time) (seconds since the epoch).
  - The key C(deploy) of a module's result is passed through as it is. The modules of this collection report releases, migrations and images in it.
"""

import difflib
import json
import os
import re
import time

from ansible.playbook.block import Block
from ansible.plugins.callback import CallbackBase

# The caller hides secrets and keeps the last quarter, so that no piece of a secret that is cut through here stays.
TAIL = 16384
HEAD = 4096
FIRST = 1000
OURS = "django_ansible.deploy."
# Characters of a text that is compared; more would hold the run up.
DIFF_INPUT = 65536
SECRET_VALUE = re.compile(r"(?i)([\w.-]*(?:secret|passw|passphrase|token|api_?key|private_?key|access_?key|credential|dsn)[\w.-]*[\"']?[ \t]*[:=][ \t]*)\S.*")
URL_PASSWORD = re.compile(r"(?<=://)[^\s/@]+@")


def _text(value, limit=TAIL):
    """The end of a text, at most *limit* characters: the cause of a failure stands last."""
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    return text[-limit:]


def _message(text):
    """A message that is too long without its middle: its first line says what failed. That is whole, or not there at all."""
    if len(text) <= TAIL:
        return text
    first = text.split("\n", 1)[0]
    return "%s\n…\n%s" % (first if len(first) <= FIRST else "…", text[-(TAIL - FIRST - 3) :])


def _failed_items(result):
    """The failed results of a loop, or the result itself."""
    # ansible-core 2.19 marks a failed item as failed, 2.21 by its exception alone.
    marks = ("failed", "unreachable", "exception")
    items = [item for item in result.get("results") or [] if isinstance(item, dict) and any(map(item.get, marks))]
    return items or [result]


def _failure(result):
    """The cause of a failure: message, return code and the end of what was printed."""
    items = _failed_items(result)
    detail = {"msg": _message("\n".join(str(item.get("msg") or "") for item in items).strip())}
    for key in ("stdout", "stderr", "module_stdout", "module_stderr"):
        text = "\n".join(str(item[key]) for item in items if item.get(key))
        if text:
            detail[key.removeprefix("module_")] = _text(text)
    codes = [item["rc"] for item in items if isinstance(item.get("rc"), int)]
    if codes:
        detail["rc"] = codes[0]
    return detail


def _diff(result, mode):
    """What a result changed, as unified diffs."""
    given = result.get("diff")
    parts = [part for part in (given if isinstance(given, list) else [given]) if isinstance(part, dict)]
    hidden = any(_is_private(one) for one in (mode, result.get("mode"), *_modes(parts)))
    return "\n".join(filter(None, (_diff_text(part, hidden) for part in parts)))


def _head(text, limit=HEAD):
    return text if len(text) <= limit else text[:limit].rsplit("\n", 1)[0] + "\n(and more)"


def _modes(parts):
    for part in parts:
        for side in ("before", "after"):
            value = part.get(side)
            if isinstance(value, dict):
                yield value.get("mode")


def _is_private(mode):
    """Whether a file's mode keeps it from other users, which says that its content is nobody else's business."""
    return bool(re.fullmatch(r"0?o?[0-7]?[0-7][0-7]0", str(mode))) if mode is not None else False


def _diff_text(part, hidden):
    if "prepared" in part:
        return "(not shown: only its owner may read it)" if hidden else _without_secrets(str(part["prepared"]).rstrip())
    sides = []
    for side in ("before", "after"):
        value = part.get(side)
        sides.append(value if isinstance(value, str) else json.dumps(value, indent=1, sort_keys=True, default=str) if value else "")
    before, after = sides
    path = str(part.get("after_header") or part.get("before_header") or "").split(" (content)")[0]
    if before == after:
        return None
    if hidden and not isinstance(part.get("after"), dict):
        return "%s\n(not shown: only its owner may read it)" % path
    if len(before) + len(after) > DIFF_INPUT:
        return "%s\n(too long to compare)" % path
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), path or "before", path or "after", n=1, lineterm="")
    return _without_secrets("\n".join(lines))


def _without_secrets(text):
    return URL_PASSWORD.sub("***@", SECRET_VALUE.sub(r"\1***", text))


def _tasks(items):
    """The tasks of nested lists and blocks, in order."""
    for item in items:
        if isinstance(item, list):
            yield from _tasks(item)
        elif isinstance(item, Block):
            yield from _tasks(item.block)
        else:
            yield item


def _phase(task):
    phase = task.get_vars().get("deploy_phase")
    return str(phase) if phase else None


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "django_ansible.deploy.events"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self._file = None
        self._marker = None
        self._play = None
        self._place = {}
        self._phase = None
        self._started = {}
        self._diffs = {}

    def set_options(self, task_keys=None, var_options=None, direct=None):
        super().set_options(task_keys=task_keys, var_options=var_options, direct=direct)
        path = self.get_option("path")
        if not path:
            self.disabled = True
            return
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "w", encoding="utf-8", buffering=1)
        self._marker = self.get_option("play_marker")

    def _write(self, event, **fields):
        fields = {key: value for key, value in fields.items() if value is not None}
        self._file.write(json.dumps({"event": event, "time": time.time(), **fields}, default=str) + "\n")

    def _task_fields(self, task):
        return {"name": task.get_name(), "action": task.resolved_action or task.action, "path": task.get_path()}

    def v2_playbook_on_play_start(self, play):
        self._place = {"path": play.get_path(), "hosts": self._count_hosts(play)}
        self._phase = None
        first = next(iter(_tasks(play.get_tasks())), None)
        if first is None or _phase(first) is None:
            self._begin(play.get_name().strip())

    def _begin(self, name):
        self._play = name
        self._write("play", name=name, **self._place)
        if self._marker:
            self._display.display("%s %s" % (self._marker, " ".join(name.split())))

    @staticmethod
    def _count_hosts(play):
        manager = play.get_variable_manager()
        return len(manager.get_vars(play=play, include_hostvars=False).get("ansible_play_hosts_all") or []) if manager else None

    def v2_playbook_on_task_start(self, task, is_conditional):
        phase = _phase(task)
        if phase not in (None, self._phase):
            self._phase = phase
            self._begin(phase)
        self._write("task", id=task._uuid, play=self._play, **self._task_fields(task))

    v2_playbook_on_cleanup_task_start = v2_playbook_on_handler_task_start = lambda self, task: self.v2_playbook_on_task_start(task, False)

    def v2_runner_on_start(self, host, task):
        self._started[host.get_name(), task._uuid] = time.time()

    def _result(self, task_result, status, ignored=False):
        host, task = task_result.host.get_name(), task_result.task
        now = time.time()
        start = self._started.pop((host, task._uuid), now)
        fields = {"host": host, "task": task._uuid, "status": status, "ignored": ignored, "start": start, "duration": round(now - start, 3)}
        result = task_result.result
        if "censored" in result or task.no_log:
            fields["no_log"] = True
        else:
            if status in ("failed", "unreachable"):
                fields.update(_failure(result))
                # Ansible's recap does not count it. Other modules say so of every failure, such as command.
                fields["changed"] = (result.get("changed") is True and not ignored and str(task.resolved_action or task.action).startswith(OURS)) or None
            diffs = self._diffs.pop((host, task._uuid), [])
            fields["diff"] = _head("\n".join(diffs)) if diffs and status == "changed" else None
            fields["warnings"] = [str(warning) for warning in result.get("warnings") or []] or None
            fields["deploy"] = result.get("deploy") if isinstance(result.get("deploy"), dict) else None
        self._write("result", **fields, **self._task_fields(task))

    # Comes before the result, for each item of a loop, and only under --diff.
    def v2_on_file_diff(self, result):
        text = "" if result.task.no_log else _diff(result.result, result.task.args.get("mode"))
        if text:
            self._diffs.setdefault((result.host.get_name(), result.task._uuid), []).append(text)

    def v2_runner_on_ok(self, result):
        self._result(result, "changed" if result.is_changed() else "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._result(result, "failed", ignored=bool(ignore_errors))

    def v2_runner_on_unreachable(self, result):
        self._result(result, "unreachable", ignored=bool(result.task.ignore_unreachable))

    def v2_runner_on_skipped(self, result):
        self._result(result, "skipped")

    def v2_playbook_on_stats(self, stats):
        hosts = {}
        for host in sorted(stats.processed):
            recap = stats.summarize(host)
            hosts[host] = {key: recap[key] for key in ("ok", "changed", "unreachable", "failures", "skipped", "rescued", "ignored")}
        self._write("stats", hosts=hosts, custom=stats.custom)
