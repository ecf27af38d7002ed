"""Which file of a checkout is believed, in fixture trees for each rule and their conflicts."""
from __future__ import annotations

import os

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import requirements

PROJECT = "[project]\nname = 'site'\n"
TOOLS_ALONE = "[tool.ruff]\nline-length = 100\n"


@pytest.fixture
def tree(tmp_path):
    def make(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text)
        (tmp_path / "web").mkdir(exist_ok=True)
        return str(tmp_path)

    return make


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"requirements.txt": ""}, "requirements.txt"),
        ({"web/requirements.txt": "", "requirements.txt": ""}, "web/requirements.txt"),
        ({"requirements.txt": "", "requirements/production.txt": ""}, "requirements/production.txt"),
        ({"requirements-dev.txt": "", "requirements/base.txt": ""}, "requirements/base.txt"),
        ({"uv.lock": "", "web/requirements.txt": ""}, "uv.lock"),
        ({"uv.lock": "", "poetry.lock": "", "Pipfile.lock": "{}"}, "uv.lock"),
        ({"uv.lock": "", "web/poetry.lock": ""}, "web/poetry.lock"),
        ({"Pipfile.lock": "{}", "requirements.txt": ""}, "Pipfile.lock"),
        ({"pylock.toml": "", "pyproject.toml": PROJECT}, "pylock.toml"),
        ({"pyproject.toml": PROJECT, "requirements.txt": ""}, "requirements.txt"),
        ({"pyproject.toml": PROJECT, "setup.cfg": "install_requires =\n  django\n"}, "pyproject.toml"),
        ({"pyproject.toml": TOOLS_ALONE, "setup.cfg": "install_requires =\n  django\n"}, "setup.cfg"),
        ({"pyproject.toml": TOOLS_ALONE, "setup.cfg": "[flake8]\n", "setup.py": ""}, "setup.py"),
        ({"pyproject.toml": TOOLS_ALONE}, None),
        ({}, None),
    ],
)
def test_the_file_that_is_trusted_most_is_found(tree, files, expected):
    top = tree(files)
    found = requirements.find(top, top + "/web", "uv")
    assert (os.path.relpath(found, top) if found else None) == expected


def test_pip_passes_by_what_uv_alone_reads(tree):
    top = tree({"uv.lock": "", "pylock.toml": "", "requirements.txt": ""})
    assert requirements.find(top, top, "pip") == top + "/requirements.txt"


def test_nothing_above_the_release_is_found(tree):
    top = tree({"uv.lock": "", "releases/r1/web/manage.py": ""})
    assert requirements.find(top + "/releases/r1", top + "/releases/r1/web", "uv") is None


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("requirements.txt", "django\n-r base.txt\n", False),
        ("requirements.txt", "django\n-e .\n", True),
        ("requirements.txt", "./libs/x\n", True),
        ("requirements.txt", ".[ldap]\n", True),
        ("requirements.txt", "x @ file:///opt/x\n", True),
        ("requirements.txt", "x @ https://example.org/x.whl  # not ./here\n", False),
        ("uv.lock", '[[package]]\nname = "site"\nsource = { virtual = "." }\n', False),
        ("uv.lock", '[[package]]\nname = "lib"\nsource = { editable = "libs/lib" }\n', True),
        ("poetry.lock", '[[package]]\nname = "lib"\n[package.source]\ntype = "directory"\nurl = "lib"\n', True),
        ("Pipfile.lock", '{"default": {"lib": {"path": "./lib"}}}', True),
    ],
)
def test_what_installs_folders_of_the_checkout_is_told_apart(tree, name, text, expected):
    assert requirements.is_local(tree({name: text}) + "/" + name) is expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"shop/settings.py": ""}, False),
        ({"shop.py": "", "setup.py": ""}, False),
        ({"src/shop/settings.py": "", "pyproject.toml": "[build-system]\n"}, True),
        ({"src/shop/settings.py": "", "setup.py": ""}, True),
        ({"src/shop/settings.py": "", "pyproject.toml": TOOLS_ALONE}, False),
    ],
)
def test_a_package_that_manage_py_cannot_import_is_installed(tree, files, expected):
    top = tree(files)
    assert requirements.package_folder(top, top, "shop.settings") == (top if expected else None)


def test_what_else_a_checkout_has_is_named_with_its_variables(tree):
    top = tree(
        {
            "requirements.txt": "", "requirements/requirements_all.txt": "", "requirements/dev.in": "", "notes.txt": "", "node_modules/requirements.txt": "",
            "a/b/c/d/requirements.txt": "",
            "pyproject.toml": "[project]\nname = 'x'\n[project.optional-dependencies]\nldap = []\nsaml = []\n[dependency-groups]\nprod = []\n",
        }
    )
    assert requirements.others(top, os.path.join(top, "web"), ["requirements.txt"], ["saml"]) == (
        "../requirements/dev.in, ../requirements/requirements_all.txt (django_app_requirements), the extras ldap (django_app_extras), "
        "the groups prod (django_app_groups)"
    )
    assert requirements.others(str(top) + "/web", str(top) + "/web", [], []) == ""


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        ("ModuleNotFoundError: No module named 'ldap.ldapobject'", " The packages were installed from requirements.txt; there are also the extras ldap (django_app_extras)."),
        ("ModuleNotFoundError: No module named 'conf.production'", " The packages were installed from requirements.txt; there are also the extras ldap (django_app_extras)."
         " The checkout has a folder conf in example: if that is meant, set app_path or django_app_install_folder so that it is found."),
        ("ImproperlyConfigured: no key", ""),
    ],
)
def test_a_missing_module_has_a_hint(tree, printed, sentence):
    folders = requirements.importable(tree({"example/conf/production.py": "", "manage.py": ""}))
    known = {"taken": "requirements.txt", "others": "the extras ldap (django_app_extras)", "folders": folders}
    assert requirements.missing_module_hint(printed, known) == sentence


def test_a_hint_without_other_candidates(tree):
    assert requirements.missing_module_hint("No module named 'x'", {"taken": "uv.lock", "others": "", "folders": {}}) == (
        " The packages were installed from uv.lock; add the package there."
    )
    assert requirements.missing_module_hint("No module named 'x'", {"taken": "", "others": "", "folders": {}}) == ""
