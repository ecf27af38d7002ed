"""nginx has to look for the file of a maintenance."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import maintenance
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def test_a_site_of_a_version_before_is_refused(tmp_path):
    layout = Layout("mysite", str(tmp_path), "/run/mysite/gunicorn.sock")
    site = tmp_path / "site"
    with pytest.raises(CommandFailed, match="deploy the application with this version first"):
        maintenance.check(str(site), layout)
    site.write_text("if (-f %s/bypass/$x) {" % layout.let_through)
    maintenance.check(str(site), layout)
