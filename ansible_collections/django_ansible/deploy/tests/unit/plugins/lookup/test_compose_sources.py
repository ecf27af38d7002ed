"""What a commit has the controller bring to the hosts: its own files, never what a link of it leads to."""
from __future__ import annotations

import base64
import json
import os

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.django_ansible.deploy.plugins.lookup.compose_sources import LookupModule


@pytest.fixture
def project(tmp_path):
    (tmp_path / "project/deploy").mkdir(parents=True)
    (tmp_path / "project/.git").mkdir()
    (tmp_path / "project/.git/config").write_text("token")
    (tmp_path / "project/compose.yml").write_text("services")
    (tmp_path / "secret").write_text("of the runner")
    return tmp_path / "project"


class Given(LookupModule):
    """With its options as they are given, since nothing loads it by its name here."""

    def set_options(self, task_keys=None, var_options=None, direct=None):
        self.given = direct

    def get_option(self, option, hostvars=None):
        return self.given[option]


@pytest.fixture
def lookup():
    return Given()


def bring(lookup, *terms, project):
    found = json.loads(lookup.run([str(term) for term in terms], files=["/srv/shop/compose.yml"], project=str(project))[0])
    return {name: base64.b64decode(file["content"]).decode() for name, file in found.items()}


def test_files_and_links_inside_the_project_are_brought(lookup, project):
    (project / "deploy/compose.yml").symlink_to("../compose.yml")
    assert bring(lookup, project / "deploy/compose.yml", project=project) == {"compose.yml": "services"}
    assert bring(lookup, project / "deploy", project=project) == {"compose.yml": "services"}


@pytest.mark.parametrize("target", ["../../secret", "{outside}", "../.git/config"])
@pytest.mark.parametrize("whole_folder", [True, False])
def test_a_link_out_of_the_project_or_into_git_is_not(lookup, project, target, whole_folder):
    (project / "deploy/compose.yml").symlink_to(target.format(outside=project.parent / "secret"))
    with pytest.raises(AnsibleLookupError, match="deploy/compose.yml, which is a link to .*, outside the project: put the file itself there"):
        bring(lookup, project / "deploy" if whole_folder else project / "deploy/compose.yml", project=project)


def test_a_link_further_up_is_seen_too(lookup, project):
    (project / "conf").symlink_to(project.parent)
    with pytest.raises(AnsibleLookupError, match="outside the project"):
        bring(lookup, project / "conf/secret", project=project)


def test_a_source_elsewhere_keeps_to_its_own_folder(lookup, project, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/compose.yml").write_text("mine")
    assert bring(lookup, tmp_path / "mine/compose.yml", project=project) == {"compose.yml": "mine"}


def test_a_pipe_is_refused_at_once(lookup, project):
    (project / "deploy/compose.yml").write_text("services")
    os.mkfifo(project / "deploy/pipe")
    with pytest.raises(AnsibleLookupError, match="deploy/pipe, which is no file"):
        bring(lookup, project / "deploy", project=project)
