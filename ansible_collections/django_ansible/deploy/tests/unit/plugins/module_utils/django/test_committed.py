"""Where a secret is found that everybody who reads the repository knows."""
from __future__ import annotations

import importlib
import os
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.committed import place_of

KEY = "8#k2-a-key-that-somebody-thought-up"


@pytest.fixture
def release(tmp_path, monkeypatch):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)

    def ask(secret=KEY, **files):
        for name, text in files.items():
            (tmp_path / "shop" / (name + ".py")).write_text(text)
        before = set(sys.modules)
        try:
            importlib.invalidate_caches()
            importlib.import_module("shop.settings")
            return place_of(secret, set(sys.modules) - before, "shop", str(tmp_path), str(tmp_path))
        finally:
            for name in set(sys.modules) - before:
                del sys.modules[name]

    ask.folder = tmp_path
    return ask


@pytest.mark.parametrize(
    "settings",
    [
        "SECRET_KEY = %r" % KEY,
        "import os\nSECRET_KEY = os.environ.get('SHOP_KEY', %r)" % KEY,
        "SECRET_KEY = %r + %r" % (KEY[:9], KEY[9:]),
        "SECRET_KEY = (%r\n %r)" % (KEY[:9], KEY[9:]),
        "def key(default=%r): return default\nSECRET_KEY = key()" % KEY,
        "class Base:\n    def key(self): return %r\nSECRET_KEY = Base().key()" % KEY,
    ],
)
def test_a_text_in_the_settings(release, settings):
    assert release(settings=settings) == "shop.settings"


def test_a_text_in_what_the_settings_import(release):
    assert release(base="SECRET_KEY = %r" % KEY, settings="from .base import *") == "shop.base"


def test_a_file_with_variables_that_is_committed(release):
    (release.folder / ".env").write_text("DEBUG=0\nSECRET_KEY='%s'\n" % KEY)
    assert release(settings="SECRET_KEY = 'read from .env'") == ".env"


def test_a_file_with_variables_that_the_host_keeps_is_not_committed(release, tmp_path_factory):
    kept = tmp_path_factory.mktemp("shared") / ".env"
    kept.write_text("SECRET_KEY=%s\n" % KEY)
    os.symlink(kept, release.folder / ".env")
    assert release(settings="") is None


@pytest.mark.parametrize("secret", ["", None, "from the environment"])
def test_what_comes_from_elsewhere(release, secret):
    assert release(secret=secret, settings="import os\nSECRET_KEY = os.environ.get('SHOP_KEY', %r)" % KEY) is None


def test_what_cannot_be_read_is_not_found(release):
    (release.folder / "shop" / "odd.py").write_text("")
    assert release(settings="from . import odd\nwith open(odd.__file__, 'w') as file: file.write('(')") is None
