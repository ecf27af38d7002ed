"""What is read from a compose project."""
from __future__ import annotations

import json

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import project
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError

CONFIG = {
    "name": "shop",
    "services": {
        "web": {"image": "reg.example/web:1", "environment": {"SECRET": "x"}, "deploy": {"replicas": 3}, "depends_on": {"db": {}}, "healthcheck": {"test": ["CMD", "true"]}},
        "job": {"build": {"context": "."}, "scale": 0},
        "db": {"image": "db", "platform": "linux/amd64", "pull_policy": "never", "deploy": {"resources": {}}, "healthcheck": {"disable": True}},
    },
}


class Compose:
    """Answers `config` with a text, or with an error."""

    def __init__(self, answer):
        self.answer, self.seen = answer, []

    def argv(self):
        return ["compose"]

    def require_version_2(self):
        pass

    def call(self, arguments, **options):
        self.seen.append((arguments, options))
        return self.answer


def given(folder, answer=(0, json.dumps(CONFIG), ""), **options):
    return project.Project(Compose(answer), [f"{folder}/compose.yml"], **options)


def test_summarize():
    assert project.summarize(CONFIG) == {
        "name": "shop",
        "services": {
            "web": {"image": "reg.example/web:1", "build": False, "platform": "", "pull_policy": "", "depends_on": ["db"], "checked": True, "replicas": 3},
            "job": {"image": "shop-job", "build": True, "platform": "", "pull_policy": "", "depends_on": [], "checked": False, "replicas": 0},
            "db": {"image": "db", "build": False, "platform": "linux/amd64", "pull_policy": "never", "depends_on": [], "checked": False, "replicas": 1},
        },
    }


def test_named_services_come_with_what_they_depend_on():
    summary = given("/srv", services=["web"]).summary(json.dumps(CONFIG))
    assert sorted(summary["services"]) == ["db", "web"]
    assert summary["declared"] == ["db", "job", "web"]
    with pytest.raises(ComposeError, match="compose_app_services names cache, .* it has db, job, web"):
        given("/srv", services=["cache"]).summary(json.dumps(CONFIG))


def test_a_missing_or_invalid_file_is_said(tmp_path):
    with pytest.raises(ComposeError, match="There is no compose file .*compose-source"):
        given(tmp_path).resolve()
    (tmp_path / "compose.yml").write_text("x")
    with pytest.raises(ComposeError, match=r"is not valid: validating: x is not allowed"):
        given(tmp_path, (15, "", "validating: x is not allowed\n")).resolve()
    with pytest.raises(ComposeError, match="has no service"):
        given(tmp_path).summary('{"name": "x", "services": {}}')


def test_a_stage_is_read_and_the_real_folder_is_spoken_of(tmp_path):
    stage = tmp_path / "stage" / "shop"
    stage.mkdir(parents=True)
    (stage / "compose.yml").write_text("x")
    one = given("/srv/shop", (0, f"{stage}/conf {stage.parent}/beside", f"level=warning msg={stage}/x\n"))
    assert one.resolve(str(stage)) == ("/srv/shop/conf /srv/beside", ["/srv/shop/x"])
    assert one.compose.seen[0][1]["files"] == [f"{stage}/compose.yml"]


def test_a_relative_path_is_refused():
    with pytest.raises(ComposeError, match="not an absolute path"):
        project.Project(None, ["compose.yml"])
