# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: rendered
short_description: Renders several templates at once
description:
  - Gives the same texts as C(ansible.builtin.template) in a third of the time, which each host of each deploy takes on the machine that runs Ansible.
  - That lookup copies all variables for each template, and Ansible compiles a variable that is a template itself again each time that anything names it.
options:
  _terms:
    description: One list of mappings. Each has C(template), the file, and may have C(template_vars), variables of its own; what else it has is kept.
    type: list
    elements: raw
    required: true
  once:
    description: Names of variables that are evaluated once, in this order and before the first template. One that is not defined is left out.
    type: list
    elements: str
    default: []
"""

EXAMPLES = """
- name: Show two files
  ansible.builtin.debug:
    msg: "{{ lookup('django_ansible.deploy.rendered', [{'path': '/etc/one', 'template': 'one.j2'}, {'path': '/etc/two', 'template': 'two.j2'}]) }}"
"""

RETURN = """
_raw:
  description: One list of the same mappings, with C(content) in the place of C(template) and C(template_vars).
  type: list
  elements: raw
"""

import os
from collections import ChainMap

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible.template import generate_ansible_template_vars, trust_as_template


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        once: dict = {}
        known = ChainMap(once, variables)
        templar = self._templar.copy_with_new_env(available_variables=known)
        for name in self.get_option("once"):
            if name in variables:
                once[name] = templar.template(variables[name])
        templars: dict = {}
        return [[self._rendered(entry, known, templars) for entry in terms[0]]]

    def _rendered(self, entry, known, templars):
        term = entry["template"]
        path = self.find_file_in_search_path(known, "templates", term)
        if not path:
            raise AnsibleLookupError("the template file %s could not be found" % term)
        # One for all templates of a folder, so that what they include is compiled once.
        folder = os.path.dirname(path)
        if folder not in templars:
            templars[folder] = self._templar.copy_with_new_env(searchpath=[folder, *_folders(known)], available_variables=known)
        about = {name: value for name, value in generate_ansible_template_vars(term, path).items() if name not in known}
        text = trust_as_template(self._loader.get_text_file_contents(path))
        templars[folder].available_variables = ChainMap({**about, **entry.get("template_vars", {})}, known)
        content = templars[folder].template(text, escape_backslashes=False)
        return {**{name: value for name, value in entry.items() if name not in ("template", "template_vars")}, "content": content}


def _folders(variables):
    """Where C(include) looks besides the template's own folder, as for C(ansible.builtin.template)."""
    return [place for folder in variables.get("ansible_search_path", []) for place in (os.path.join(folder, "templates"), folder)]
