"""What a project shows of its uploads, asked with Django itself."""
from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

COLLECTIONS = str(Path(__file__).parents[8])
SETTINGS = """
import os
from pathlib import Path
ROOT_URLCONF = "site_urls"
INSTALLED_APPS = []
MIDDLEWARE = []
MEDIA_URL = "/media/"
MEDIA_ROOT = Path(__file__).parent / "media"
"""
URLS = """
from django.conf import settings
from django.conf.urls.static import static
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import include, path, re_path
from django.views import static as views
from django.views.static import serve
def page(request, **arguments): return HttpResponse()
urlpatterns = [path("", page)]
"""
ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
import django
from django.conf import settings
django.setup()
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.uploads import uploads_of
print(json.dumps(uploads_of(settings)))
"""


@pytest.fixture
def found(tmp_path):
    def ask(urls="", settings=""):
        (tmp_path / "site_settings.py").write_text(SETTINGS + textwrap.dedent(settings))
        (tmp_path / "site_urls.py").write_text(URLS + textwrap.dedent(urls))
        done = subprocess.run(
            [sys.executable, "-c", ASK, COLLECTIONS], cwd=tmp_path, env={"DJANGO_SETTINGS_MODULE": "site_settings", "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True, text=True, check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


MODELS = """
from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.db import models
class Paper(models.Model):
    file = models.FileField(storage=FileSystemStorage(location=settings.MEDIA_ROOT / "members"))
    image = models.FileField(storage=FileSystemStorage(location=settings.MEDIA_ROOT / "images", base_url="/media/images/"))
    plain = models.FileField(upload_to="plain")
"""
DEVELOPMENT = "if settings.DEBUG:\n    urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)\n"


@pytest.mark.parametrize(
    "urls",
    [
        DEVELOPMENT,
        "if settings.DEBUG:\n    urlpatterns += [re_path(r'^media/(?P<path>.*)$', serve, {'document_root': settings.MEDIA_ROOT})]\n",
        "if settings.DEBUG:\n    urlpatterns += [re_path(r'^media/(?P<path>.*)$', views.serve, kwargs={'document_root': settings.MEDIA_ROOT})]\n",
        "urlpatterns += [path('media/<path:path>', serve, {'document_root': settings.MEDIA_ROOT})]\n",
        "urlpatterns += [path('media/', include([path('<path:path>', serve, {'document_root': settings.MEDIA_ROOT})]))]\n",
        "urlpatterns += [re_path(r'^(?P<page>[\\w/]*)$', page)]\n" + DEVELOPMENT,
    ],
)
def test_urls_that_serve_them_without_login_show_that_they_are_public(found, urls):
    assert found(urls) == {"url": "/media/", "public": True, "why": "site_urls serves them", "guarded": [], "protected": {}}


@pytest.mark.parametrize(
    ("urls", "settings", "why"),
    [
        ("", "", "no URL pattern"),
        ("urlpatterns += [path('media/<path:path>', login_required(serve), {'document_root': settings.MEDIA_ROOT})]", "", "answers below /media/ itself"),
        ("if settings.DEBUG:\n    urlpatterns += [path('media/<path:path>', login_required(serve), {'document_root': settings.MEDIA_ROOT})]", "", "no URL pattern"),
        ("serve = login_required(serve)\nif settings.DEBUG:\n    urlpatterns += [path('media/<path:path>', serve, {'document_root': settings.MEDIA_ROOT})]", "", "no URL pattern"),
        ("urlpatterns += [path('media/<path:path>', page)]\n" + DEVELOPMENT, "", "answers below /media/ itself (page)"),
        ("urlpatterns += [re_path(r'^(?P<path>media/.*)$', page)]\n" + DEVELOPMENT, "", "answers below /media/ itself (page)"),
        (DEVELOPMENT, "MIDDLEWARE = ['django.contrib.auth.middleware.LoginRequiredMiddleware']", "LoginRequiredMiddleware lets nobody in"),
        (DEVELOPMENT, "MEDIA_URL = ''", "not set"),
        (DEVELOPMENT, "MEDIA_URL = 'https://cdn.example/media/'", "not set"),
        (DEVELOPMENT, "MEDIA_ROOT = ''", "not set"),
        ("from django.conf.urls.static import static as files\nif settings.DEBUG:\n    urlpatterns += files('/assets/', document_root='assets')", "", "no URL pattern"),
        ("urlpatterns += [path('<', broken(", "", "cannot be looked at"),
    ],
)
def test_anything_else_is_private(found, urls, settings, why):
    answer = found(urls, settings)
    assert answer["public"] is False
    assert why in answer["why"]
    assert answer["guarded"] == []


@pytest.mark.parametrize(
    ("urls", "settings", "guarded"),
    [
        ("urlpatterns += [path('media/documents/<path:name>', page)]\n", "", ["documents/"]),
        ("urlpatterns += [re_path(r'^media/private\\-files/(?P<name>.*)$', page)]\n", "", ["private-files/"]),
        ("urlpatterns += [path('media/', include([path('report-<int:number>.pdf', page)]))]\n", "", ["report-"]),
        ("", "INSTALLED_APPS = ['wagtail.documents']", ["documents/"]),
        ("", "INSTALLED_APPS = ['wagtail.documents']\nWAGTAILDOCS_SERVE_METHOD = 'direct'", []),
        ("", "INSTALLED_APPS = ['club']", ["members/"]),
        ("", "SENDFILE_BACKEND = 'django_sendfile.backends.nginx'\nSENDFILE_URL = '/handed-out'\nSENDFILE_ROOT = MEDIA_ROOT / 'sent'", ["sent/"]),
    ],
)
def test_what_the_project_guards_of_them_is_not(found, tmp_path, urls, settings, guarded):
    for path, text in (("club/__init__.py", ""), ("club/models.py", MODELS), ("wagtail/__init__.py", ""), ("wagtail/documents.py", "")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    answer = found(urls + DEVELOPMENT, settings)
    assert (answer["public"], answer["guarded"]) == (True, guarded)


def test_packages_that_have_nginx_hand_files_out_are_understood(found):
    answer = found("", "PRIVATE_STORAGE_SERVER = 'nginx'\nPRIVATE_STORAGE_INTERNAL_URL = '/inside/'\nPRIVATE_STORAGE_ROOT = str(MEDIA_ROOT / 'private')")
    assert answer["protected"] == {"/inside/": "private"}
    assert found("", "PRIVATE_STORAGE_SERVER = 'nginx'\nPRIVATE_STORAGE_INTERNAL_URL = '/inside/'\nPRIVATE_STORAGE_ROOT = '/etc'")["protected"] == {}
