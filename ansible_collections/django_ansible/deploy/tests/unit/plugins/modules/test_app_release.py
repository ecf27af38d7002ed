from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.modules.app_release import fingerprint

PARAMS = {
    "environment": "{}", "app_path": ".", "python": "/usr/bin/python3", "installer": "uv", "requirements": [], "packages": [],
    "servers": {"gunicorn": "gunicorn"}, "entry": "site.wsgi:application", "check_level": "error", "collectstatic": True, "release": "r1",
    "install_folder": "", "extras": [], "groups": [], "settings": "{}",
}


def test_a_release_is_prepared_once_for_the_same_settings():
    assert fingerprint(PARAMS) == fingerprint({**PARAMS, "release": "r2"})


@pytest.mark.parametrize(
    "change",
    [
        {"environment": '{"A": "1"}'}, {"packages": ["whitenoise"]}, {"servers": {"gunicorn": "gunicorn", "uvicorn_worker": "uvicorn-worker"}},
        {"entry": "site.asgi:application"}, {"check_level": "warning"}, {"collectstatic": False}, {"requirements": ["prod.txt"]}, {"installer": "pip"},
        {"extras": ["ldap"]}, {"groups": ["prod"]}, {"install_folder": "."}, {"settings": '{"override": {"A": 1}}'},
    ],
)
def test_a_changed_setting_prepares_it_anew(change):
    assert fingerprint({**PARAMS, **change}) != fingerprint(PARAMS)
