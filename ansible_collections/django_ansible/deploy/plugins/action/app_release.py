# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of app_release: makes the archive of the commit and brings it to the host, when the host lacks it."""
from __future__ import annotations

import base64
import json
import os
import tempfile

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.archive import pack
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show

# Bytes of an archive that comes with the module. Ansible makes a folder, uploads by SFTP and removes the folder, and waits for the host 17 times.
LARGEST_INSIDE = 4 << 20


def archive_of(workspace: str, revision: str) -> tuple[str, dict]:
    """The tracked files of *revision* below *workspace* as a tar file, and what is to say of it; made once a run, whatever the number of hosts."""
    final = os.path.join(C.DEFAULT_LOCAL_TMP, "release-%s.tar.gz" % revision)
    about = final + ".json"
    if not os.path.exists(about):
        with tempfile.TemporaryDirectory(dir=C.DEFAULT_LOCAL_TMP) as work:
            partial = os.path.join(work, "release.tar.gz")
            try:
                found = pack(workspace, revision, partial)
            except CommandFailed as error:
                # What git itself says is mostly that it has no such commit.
                hint = ". Check the repository out at that commit first" if error.printed else ""
                raise AnsibleActionFail("commit %s of %s cannot be archived: %s%s." % (revision[:7], workspace, error, hint)) from error
            with open(partial + ".json", "w", encoding="utf-8") as file:
                json.dump(found, file)
            os.rename(partial, final)
            os.rename(partial + ".json", about)
    with open(about, encoding="utf-8") as file:
        return final, json.load(file)


def content_of(archive: str) -> str:
    with open(archive, "rb") as file:
        return base64.b64encode(file.read()).decode()


class ActionModule(Answered):
    def run(self, tmp=None, task_vars=None):
        ActionBase.run(self, tmp, task_vars)
        arguments = dict(self._task.args)
        shell = self._connection._shell
        if arguments.get("workspace") and boolean(arguments.get("upload", True)):
            archive, arguments["archived"] = archive_of(arguments["workspace"], arguments["revision"])
            if os.path.getsize(archive) <= LARGEST_INSIDE:
                arguments["archive_content"] = content_of(archive)
            else:
                self._make_tmp_path()
                arguments["archive"] = self._transfer_file(archive, shell.join_path(shell.tmpdir, "release.tar.gz"))
        try:
            return show(self._execute_module(module_args=arguments, task_vars=task_vars), task_vars)
        finally:
            if "archive" in arguments:
                self._remove_tmp_path(shell.tmpdir)
