# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Spares tasks of this collection that are skipped, include others, or set variables alone, a process of their own.

Ansible takes one for each task of each host, also to find out that there is nothing to do there: most of those of a deploy. Here such a task is done before, by
Ansible's own code and with the same result. Where it cannot be said, and where Ansible has not what is named here, as in a later version, the task gets its process.
"""
from __future__ import annotations

import contextlib
import pathlib

from ansible import constants as C
from ansible.executor.process.worker import WorkerProcess
from ansible.executor.task_executor import TaskExecutor


def lend(ours: pathlib.Path) -> None:
    """Has Ansible look first at tasks from files below *ours*.

    :raises ImportError, AttributeError: Where Ansible has not what is named here.
    """
    from ansible._internal import _task
    from ansible._internal._templating._engine import TemplateEngine

    below = "%s/" % ours
    start = WorkerProcess.start
    send = _sender()

    def started(self):
        task = self._task
        if (is_light(task) or task.when or task.loop is not None) and not task.loop_with and str(task.get_path() or "").startswith(below):
            with contextlib.suppress(Exception):
                if is_done(self):
                    return
        start(self)

    def is_done(worker) -> bool:
        """Whether a task needed nobody to do something on a host or for it; then its result is sent."""
        task = worker._task.copy(exclude_parent=True, exclude_tasks=True)
        task._parent = worker._task._parent
        variables = dict(worker._task_vars)
        with _context(_task.TaskContext, task, variables, worker._host.name):
            executor = _executor(worker, task, variables)
            if not is_light(task) and not is_skipped(worker, task, variables, executor._get_loop_items()):
                return False
            send(worker, task, executor.run())
        return True

    def is_skipped(worker, task, variables, items) -> bool:
        if items is not None:
            return not items
        engine = TemplateEngine(worker._loader, variables=variables)
        return not all(engine.evaluate_conditional(condition) for condition in task.when)

    WorkerProcess.start = started


def is_light(task) -> bool:
    """Whether a task is over sooner than a process for it would start, on whatever host."""
    return task.action in C._ACTION_INCLUDE_TASKS or task.action in C._ACTION_SET_FACT


def _context(made, task, variables: dict, host: str):
    # From ansible-core 2.20 on it has the variables, too.
    return made.create(task=task, task_vars=variables, host_name=host) if hasattr(made, "create") else made(task)


def _executor(worker, task, variables: dict) -> TaskExecutor:
    more = (worker._play_context, worker._loader, worker._shared_loader_obj, worker._final_q, worker._variable_manager)
    try:
        return TaskExecutor(worker._host, task, variables, *more)
    except TypeError:
        task.squash()
        return TaskExecutor(worker._host, *more)


def _sender():
    try:
        from ansible.executor.task_result import _RawTaskResult
    except ImportError:

        def send(worker, task, result):
            result.finalize_registered_values()
            worker._final_q.send_task_result(worker._host, task, result)

    else:

        def send(worker, task, result):
            worker._final_q.send_task_result(_RawTaskResult(host=worker._host, task=task, return_data=result, task_fields=task.dump_attrs()))

    return send
