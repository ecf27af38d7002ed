# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
from __future__ import annotations

DOCUMENTATION = """
name: compose_sources
short_description: Reads the files of a compose project where Ansible runs
description:
  - Gives one JSON text for the option C(sources) of M(django_ansible.deploy.compose_reach). Files named by O(_terms) stand for the compose files, in their order;
    a folder brings all that is in it, except C(.git).
  - Compose files and C(.env) files get mode 0600 on the host when they are new there, others 0644 or 0755.
options:
  _terms:
    description: Absolute paths of files, or of one folder. None gives an empty text.
    type: list
    elements: str
  files:
    description: Absolute paths of the compose files on the host.
    type: list
    elements: str
    required: true
  project:
    description: Folder that a link may not lead out of. Sources elsewhere may not lead out of their own folder.
    type: str
    default: ''
"""

EXAMPLES = """
- name: Look at what is to be brought to the host
  ansible.builtin.debug:
    msg: "{{ lookup('django_ansible.deploy.compose_sources', '/home/me/shop', files=['/srv/shop/compose.yml']) }}"
"""

RETURN = """
_raw:
  description: JSON text, by path below the project's folder C(content) (base64) and C(mode).
  type: list
  elements: str
"""

import base64
import json
import os

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

LARGEST = 10 << 20  # bytes; what is larger belongs into an image


class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        self.set_options(var_options=variables, direct=kwargs)
        names = self.get_option("files")
        folder = os.path.dirname(names[0])
        terms = [str(term) for term in terms if term]
        for term in terms:
            if not os.path.isabs(term) or not os.path.exists(term):
                raise AnsibleLookupError(f"compose_app_source names {term}, which is not the absolute path of a file or folder on the machine that runs Ansible")
        if any(map(os.path.isdir, terms)):
            found = self.folder(terms, [os.path.relpath(name, folder) for name in names])
        else:
            found = self.files(terms, names, folder)
        for path in found.values():
            self.refuse_foreign(path, [*filter(os.path.isdir, terms), self.get_option("project")])
        if sum(os.path.getsize(path) for path in found.values()) > LARGEST:
            raise AnsibleLookupError(f"compose_app_source brings more than {LARGEST >> 20} MiB: name the folder that holds the compose file and its configuration alone")
        return [json.dumps({name: entry(name, path, names) for name, path in sorted(found.items())})]

    def folder(self, terms, names):
        if len(terms) > 1:
            raise AnsibleLookupError("compose_app_source names a folder and more besides: name one folder, or files")
        found = {}
        for parent, folders, files in os.walk(terms[0]):
            folders[:] = [name for name in folders if name != ".git"]
            for name in files:
                path = os.path.join(parent, name)
                found[os.path.relpath(path, terms[0])] = path
        missing = [name for name in names if name not in found]
        if missing:
            raise AnsibleLookupError(f"The folder {terms[0]} has no {missing[0]}, the name that compose_app_file gives the compose file: set compose_app_file to its path on the hosts")
        return found

    def files(self, terms, names, folder):
        if len(terms) < len(names) and terms:
            raise AnsibleLookupError(f"compose_app_file names {len(names)} files and compose_app_source {len(terms)}: name a source for each, or none")
        # Those beyond the named ones go beside them under their own names.
        names = [*names, *(os.path.join(folder, os.path.basename(term)) for term in terms[len(names):])]
        return {os.path.relpath(name, folder): term for name, term in zip(names, terms)}

    @staticmethod
    def refuse_foreign(path, folders):
        """A commit may hold links, and what they lead to would be brought to the hosts: only the project's own files are."""
        real = os.path.realpath(path)
        own = [folder for folder in folders if folder and path.startswith(os.path.join(folder, ""))] or [os.path.dirname(path)]
        inside = [os.path.relpath(real, os.path.realpath(folder)) for folder in own if real.startswith(os.path.join(os.path.realpath(folder), ""))]
        if not inside or any(".git" in rel.split(os.sep) for rel in inside):
            raise AnsibleLookupError(f"compose_app_source brings {path}, which is a link to {real}, outside the project: put the file itself there")
        if not os.path.isfile(real):
            raise AnsibleLookupError(f"compose_app_source brings {path}, which is no file: only files and folders can be brought")


def entry(name, path, names):
    with open(path, "rb") as file:
        content = file.read()
    secret = os.path.basename(name).startswith(".env") or os.path.basename(name) in {os.path.basename(other) for other in names}
    mode = "0600" if secret else "0755" if os.access(path, os.X_OK) else "0644"
    return {"content": base64.b64encode(content).decode(), "mode": mode}
