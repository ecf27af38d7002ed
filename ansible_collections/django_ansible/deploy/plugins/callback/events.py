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
        a caller that reads the output can tell where a play begins without guessing from its wording.
    type: str
    env:
      - name: DJANGO_ANSIBLE_EVENTS_PLAY_MARKER
notes:
  - Every line has C(event) (V(play), V(task), V(result) or V(stats)) and C(time) (seconds since the epoch).
  - The key C(deploy) of a module's result is passed through as it is. The modules of this collection report releases, migrations and images in it.
"""

import json
import os
import time

from ansible.plugins.callback import CallbackBase

TAIL = 4096


def _text(value, limit=TAIL):
    """The end of a text, at most *limit* characters: the cause of a failure stands last."""
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    return text[-limit:]


def _failed_items(result):
    """The failed results of a loop, or the result itself."""
    # ansible-core 2.19 marks a failed item as failed, 2.21 by its exception alone.
    marks = ("failed", "unreachable", "exception")
    items = [item for item in result.get("results") or [] if isinstance(item, dict) and any(map(item.get, marks))]
    return items or [result]


def _failure(result):
    """The cause of a failure: message, return code and the end of what was printed."""
    items = _failed_items(result)
    detail = {"msg": _text("\n".join(str(item.get("msg") or "") for item in items).strip())}
    for key in ("stdout", "stderr", "module_stdout", "module_stderr"):
        text = "\n".join(str(item[key]) for item in items if item.get(key))
        if text:
            detail[key.removeprefix("module_")] = _text(text)
    codes = [item["rc"] for item in items if isinstance(item.get("rc"), int)]
    if codes:
        detail["rc"] = codes[0]
    return detail


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
        self._started = {}

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
        self._play = play.get_name().strip()
        self._write("play", name=self._play, path=play.get_path())
        if self._marker:
            self._display.display("%s %s" % (self._marker, " ".join(self._play.split())))

    def v2_playbook_on_task_start(self, task, is_conditional):
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
            fields["warnings"] = [str(warning) for warning in result.get("warnings") or []] or None
            fields["deploy"] = result.get("deploy") if isinstance(result.get("deploy"), dict) else None
        self._write("result", **fields, **self._task_fields(task))

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
