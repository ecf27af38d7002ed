# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What ansible.builtin.validate_argument_spec does, from a file of specifications (argument_specs.yml) and for its entry point main.

As an argument of that action a long specification is parsed with the place of every word in it, and looked through for templates, by each host's process:
most of what the check took.

C(broken) has rules that are broken all the same, each with C(name), C(value) and C(rule); it is only looked at once all types are right. With C(log_in) the login
to the host begins when nothing is wrong.

Ansible's own takes a text where a list or a mapping belongs, for a module would make one of it. A role has the text as it is, and its loops go from letter to letter.
C(alone) names the lists of which the role takes a text for the only entry.
C(idle) has sentences about variables that do nothing as the others are, which are warned of.
C(prefix) is what the role's variables begin with: one that has it and is none of them, but nearly, is warned of.
"""
from __future__ import annotations

import difflib
import json

import yaml
from ansible.module_utils.common.yaml import SafeLoader
from ansible.plugins.action.validate_argument_spec import ActionModule as Validation
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import login


# Arguments that are templated once all types are right.
LATER = ("broken", "idle")
# How alike a name is to the one that was meant, from 0 to 1: a letter too many, too few or another one.
ALIKE = 0.85
BELONGS = {
    "list": 'a list belongs: write each entry on a line of its own that begins with "- "',
    "dict": 'a mapping belongs: write each entry on a line of its own, "name: value"',
}


def texts_in(options, values):
    """Sentences about texts where a list or a mapping belongs. They have nothing of the text, which may be a secret."""
    return ["%s is a text where %s" % (name, BELONGS[option["type"]]) for name, option in options.items() if option.get("type") in BELONGS and isinstance(values.get(name), str) and values[name]]


def nearly_named(options, prefix, names):
    """Warnings of variables that are none of the role's, and whose names are nearly those of one."""
    known = [name[len(prefix):] for name in options if name.startswith(prefix)]
    for name in sorted(name for name in names if name.startswith(prefix) and name not in options):
        meant = difflib.get_close_matches(name[len(prefix):], known, 1, ALIKE)
        if meant:
            yield "%s is no variable of this role, so it does nothing: is %s%s meant?" % (name, prefix, meant[0])


class ActionModule(Validation):
    def get_args_from_task_vars(self, argument_spec, task_vars):
        self.values = super().get_args_from_task_vars(argument_spec, task_vars)
        return self.values

    @classmethod
    def finalize_task_arg(cls, name, value, templar, context):
        return value if name in LATER else super().finalize_task_arg(name, value, templar, context)

    def run(self, tmp=None, task_vars=None):
        given = self._task.args
        if given.get("log_in"):
            login.prepare(self)
        with open(given["file"], encoding="utf-8") as file:
            specifications = yaml.load(file, Loader=SafeLoader)["argument_specs"]
        options = specifications["main"]["options"]
        self._task.args = {"argument_spec": options}
        result = super().run(tmp, task_vars)
        warnings = [*nearly_named(options, given["prefix"], task_vars)] if given.get("prefix") else []
        lists = {name: option for name, option in options.items() if name not in given.get("alone", ())}
        texts = [] if result.get("failed") else texts_in(lists, self.values)
        if texts:
            result.update(failed=True, msg="\n".join(texts))
        if not result.get("failed"):
            warnings += self._templar.template(given.get("idle", []))
        if warnings:
            result["deploy"] = {"warnings": warnings}
            result["warnings"] = [*result.get("warnings", []), *warnings]
        if result.get("failed"):
            return result
        broken = self._templar.template(given.get("broken", []))
        if broken:
            said = ("%s is %s: %s" % (rule["name"], json.dumps(rule["value"], ensure_ascii=False), rule["rule"]) for rule in broken)
            return {**result, "failed": True, "msg": "\n".join(said)}
        if given.get("log_in"):
            login.begin(self)
        return result
