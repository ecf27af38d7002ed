"""What variables may hold that end up in units, paths and nginx's configuration."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

TASK = yaml.safe_load((Path(__file__).parents[2] / "roles/django_app/tasks/check_variables.yml").read_text())[0]
PATTERNS = {rule["name"]: rule["pattern"] for rule in TASK["vars"]["rules"]}


def fits(name, value):
    pattern = PATTERNS[name]
    for part in ("absolute_path", "location", "folder"):
        pattern = pattern.replace("{{ %s }}" % part, TASK["vars"][part])
    assert "{{" not in pattern
    return re.search(pattern, value) is not None


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("gunicorn_bind", "unix:/run/mysite/gunicorn.sock", True),
        ("gunicorn_bind", "unix:///run/mysite/gunicorn.sock", True),
        ("gunicorn_bind", "unix:/run/gunicorn.sock", False),
        ("gunicorn_bind", "unix:/etc/systemd/system/x.service", False),
        ("gunicorn_bind", "unix:/running/mysite/gunicorn.sock", False),
        ("gunicorn_bind", "unix:/run/mysite/../../etc/x", False),
        ("gunicorn_bind", "unix:/run/./x/y", False),
        ("gunicorn_bind", "127.0.0.1:8000", False),
        ("app_dir", "/opt/mysite", True),
        ("app_dir", "/opt/mysite.v2", True),
        ("app_dir", "/opt/../etc", False),
        ("app_dir", "/opt", False),
        ("django_app_media_public", "", True),
        ("django_app_media_public", "True", True),
        ("django_app_media_public", "photos press/2026/", True),
        ("django_app_media_public", "../private", False),
        ("django_app_media_public", "photos/../private", False),
        ("django_app_media_public", "/etc", False),
        ("django_app_media_public", "a;b", False),
        ("django_app_media_protected", "", True),
        ("django_app_media_protected", "/protected/ documents /sent/out/ a/b/", True),
        ("django_app_media_protected", "/protected/ ", True),
        ("django_app_media_protected", "/ documents", False),
        ("django_app_media_protected", "protected documents", False),
        ("django_app_media_protected", "/protected/ ../x", False),
        ("django_app_media_protected", "/protected/ a{", False),
        ("django_app_media_url", "", True),
        ("django_app_media_url", "/", False),
        ("django_app_media_url", "/media/", True),
    ],
)
def test_what_fits(name, value, expected):
    assert fits(name, value) is expected


@pytest.mark.parametrize("name", ["gunicorn_bind", "app_dir", "django_app_media_public", "django_app_media_protected", "django_app_media_url"])
@pytest.mark.parametrize("value", ["a" * 100_000 + "!", "/a" * 50_000 + "!", "a/" * 50_000 + "!", "/a/ a " * 20_000 + "!"])
def test_a_word_of_any_length_is_judged_at_once(name, value):
    assert fits(name, value) is False
