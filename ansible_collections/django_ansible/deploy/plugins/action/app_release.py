# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Controller side of app_release: makes the archive of the commit and brings it to the host, when the host lacks it."""
from __future__ import annotations

import os
import subprocess

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ActionModule as Answered
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.told import show


def archive_of(workspace: str, revision: str) -> str:
    """The tracked files of *revision* below *workspace* as a tar file; made once a run, whatever the number of hosts."""
    final = os.path.join(C.DEFAULT_LOCAL_TMP, "release-%s.tar.gz" % revision)
    if os.path.exists(final):
        return final
    partial = "%s.%d" % (final, os.getpid())
    git = ["git", "-c", "safe.directory=*", "-c", "tar.umask=0022", "-C", workspace]
    done = subprocess.run([*git, "archive", "--format=tar.gz", "--output", partial, revision], check=False, capture_output=True, text=True)
    if done.returncode:
        raise AnsibleActionFail(
            "commit %s of %s cannot be archived: %s. Check the repository out at that commit first." % (revision[:7], workspace, done.stderr.strip())
        )
    os.rename(partial, final)
    return final


class ActionModule(Answered):
    TRANSFERS_FILES = True

    def run(self, tmp=None, task_vars=None):
        ActionBase.run(self, tmp, task_vars)
        arguments = dict(self._task.args)
        if arguments.get("workspace") and boolean(arguments.get("upload", True)):
            archive = archive_of(arguments["workspace"], arguments["revision"])
            # The folder that is there for this already, since it transfers files, and that is removed below.
            shell = self._connection._shell
            arguments["archive"] = self._transfer_file(archive, shell.join_path(shell.tmpdir, "release.tar.gz"))
        try:
            return show(self._execute_module(module_args=arguments, task_vars=task_vars), task_vars)
        finally:
            self._remove_tmp_path(self._connection._shell.tmpdir)
