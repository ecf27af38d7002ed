# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Has a variable evaluated once for the arguments of a task, however many templates name it.

Each template that Ansible comes to gets all variables wrapped anew, 300 of them, and evaluates anew what another one has evaluated for the same task.
Here the templates of all arguments share what is wrapped and evaluated, in tasks of this collection alone; variables do not change meanwhile. Where Ansible has not what is named here, as in a later version, each template has its own.
"""
from __future__ import annotations

import pathlib


def lend(ours: pathlib.Path) -> None:
    """Has tasks from files below *ours* share it.

    :raises ImportError, AttributeError: Where Ansible has not what is named here.
    """
    from ansible._internal import _task
    from ansible._internal._templating import _jinja_bits, _utils

    below = "%s/" % ours
    flatten = _jinja_bits._flatten_and_lazify_vars
    context, tasks, plain = _utils.TemplateContext, _task.TaskContext, (dict, _jinja_bits._AnsibleTaggedDict)
    shared: dict | None = None

    def sharing(evaluate):
        def evaluated(self, *args, **kwargs):
            nonlocal shared
            if shared is not None or not is_ours():
                return evaluate(self, *args, **kwargs)
            shared = {}
            try:
                return evaluate(self, *args, **kwargs)
            finally:
                shared = None

        return evaluated

    def is_ours() -> bool:
        found = tasks.current(optional=True)
        return found is not None and str(found.task.get_path() or "").startswith(below)

    def flattened(mapping):
        if shared is None or type(mapping) not in plain:
            yield from flatten(mapping)
            return
        templar = context.current().templar
        key = id(mapping), id(templar)
        if key not in shared:
            # With what it is of, so that neither gives its number to another.
            shared[key] = list(flatten(mapping)), mapping, templar
        yield from shared[key][0]

    _jinja_bits._flatten_and_lazify_vars = flattened
    _jinja_bits.AnsibleTemplate.__call__ = sharing(_jinja_bits.AnsibleTemplate.__call__)
    _task.TaskArgsFinalizer.finalize = sharing(_task.TaskArgsFinalizer.finalize)
