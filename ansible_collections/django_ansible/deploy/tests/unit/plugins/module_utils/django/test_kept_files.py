from __future__ import annotations

from types import SimpleNamespace

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.project import _keeps_files
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.settings_completion import sqlite_file

OWN = "django.core.files.storage.FileSystemStorage"


@pytest.mark.parametrize(
    "settings, keeps",
    [({}, True), ({"STORAGES": {"default": {"BACKEND": OWN}}}, True), ({"STORAGES": {"default": {"BACKEND": "storages.backends.s3.S3Storage"}}}, False),
     ({"STORAGES": {"staticfiles": {}}}, True), ({"DEFAULT_FILE_STORAGE": "storages.backends.s3.S3Storage"}, False), ({"DEFAULT_FILE_STORAGE": OWN}, True)],
)
def test_only_django_own_storage_puts_uploads_into_a_folder(settings, keeps):
    assert _keeps_files(SimpleNamespace(**settings)) is keeps


@pytest.mark.parametrize("name, file", [("/srv/db.sqlite3", "/srv/db.sqlite3"), ("", None), (":memory:", None), ("file:memory?mode=memory", None)])
def test_the_file_of_a_database(name, file):
    assert sqlite_file({"ENGINE": "django.db.backends.sqlite3", "NAME": name}) == file
    assert sqlite_file({"ENGINE": "django.db.backends.postgresql", "NAME": name}) is None
