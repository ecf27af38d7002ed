# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of app_release: brings the commit to the host, when the host lacks it; of a large one what an earlier release there lacks.

Where hosts go live in this step, it says in which order, and has none wait for a host that does not.
"""
from __future__ import annotations

import base64
import os

from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils import heart
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.checkout import Checkout, Upload, code_of
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.progress import Following, show_rest
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show

# Bytes of an archive that comes with the module. Ansible makes a folder, uploads by SFTP and removes the folder, and waits for the host 17 times.
LARGEST_INSIDE = 4 << 20


def content_of(archive: str) -> str:
    with open(archive, "rb") as file:
        return base64.b64encode(file.read()).decode()


class ActionModule(Answered):
    def run(self, tmp=None, task_vars=None):
        ActionBase.run(self, tmp, task_vars)
        arguments, result = dict(self._task.args), {}
        if arguments.get("batches"):
            heart.take_turns(arguments["batches"], arguments["release"], arguments["revision"])
        try:
            with Following(task_vars or {}) as migrations:
                result = self._prepare(arguments, task_vars)
        finally:
            if not result.get("activated"):
                heart.differ()
        return show_rest(result, migrations, task_vars)

    def _prepare(self, arguments, task_vars):
        if not (arguments.get("workspace") and boolean(arguments.get("upload", True))):
            return self._execute_module(module_args=arguments, task_vars=task_vars)
        checkout = Checkout(arguments["workspace"], arguments["revision"])
        result: dict = {}
        for upload in checkout.uploads(code_of((task_vars or {}).get("inventory_hostname", ""))):
            result = self._bring(upload, {**arguments, "archived": checkout.archived, "contents": upload.contents}, task_vars)
            if not result.get("needs_all"):
                break
            show({"told": ["the whole commit is brought, since the live release cannot be of use: %s" % result["needs_all"]]}, task_vars)
        return result

    def _bring(self, upload: Upload, arguments, task_vars):
        if os.path.getsize(upload.archive) <= LARGEST_INSIDE:
            return self._execute_module(module_args={**arguments, "archive_content": content_of(upload.archive)}, task_vars=task_vars)
        shell = self._connection._shell
        self._make_tmp_path()
        try:
            archive = self._transfer_file(upload.archive, shell.join_path(shell.tmpdir, "release.tar.gz"))
            return self._execute_module(module_args={**arguments, "archive": archive}, task_vars=task_vars)
        finally:
            self._remove_tmp_path(shell.tmpdir)
