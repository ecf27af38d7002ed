"""A release is prepared anew when something that it is prepared from changes: every argument of app_release says whether it is such a thing."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

ROLE = Path(__file__).parents[2] / "roles/django_app"
DERIVED = yaml.safe_load((ROLE / "vars/main/derived.yml").read_text())
ARGUMENTS = yaml.safe_load((ROLE / "vars/main/arguments.yml").read_text())
PREPARE = {
    **ARGUMENTS["__django_app_layout"],
    **ARGUMENTS["__django_app_application"],
    **yaml.safe_load((ROLE / "tasks/prepare_release.yml").read_text())[0]["block"][0]["django_ansible.deploy.app_release"],
}
MADE_FROM = DERIVED["__django_app_build"] + DERIVED["__django_app_prepared_from"]
# Where it is prepared and by whom, what names it, and what is only of use while it is prepared, when it starts, or when it goes live.
NEITHER = {
    "app_name", "app_dir", "app_user", "app_group", "socket_link", "run_id", "actor", "release", "revision", "workspace", "repository", "upload", "lone", "ask_database",
    "build", "prepared_from", "install_environment", "system_libraries", "gunicorn_config",
    "sandbox", "check_with_environment", "proof", "strict_lock", "service", "start_early", "first", "batches", "finish", "host_packages",
}


def variables(expression):
    return set(re.findall(r"(?:__)?(?:django_app|app)_[a-z_]+|django_settings_module", str(expression)))


@pytest.mark.parametrize("argument", sorted(set(PREPARE) - NEITHER))
def test_a_changed_argument_prepares_the_release_anew(argument):
    named = variables(PREPARE[argument])
    assert named
    assert named <= variables(MADE_FROM)
