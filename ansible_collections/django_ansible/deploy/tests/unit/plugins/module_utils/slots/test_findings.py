"""What was found out about a project is told also when its release cannot be made."""
import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.beside import Beside
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import preparation

HELP = {"taken": "requirements.txt", "others": "requirements-all.txt (django_app_requirements)", "folders": {}}


class Builder:
    user = group = "site-build"
    beside = Beside([])

    def __init__(self, *arguments):
        pass


class Layout:
    app_name, releases, venvs, slots, static, building, app_dir, etc, tools = "site", *["/nowhere"] * 8

    def release_dir(self, release):
        return "/nowhere/" + release

    def read_release(self, release):
        return {}

    def live_release(self):
        return None


def prepared(monkeypatch, run):
    monkeypatch.setattr(preparation, "Builder", Builder)
    monkeypatch.setattr(preparation, "layout_of", lambda params: Layout())
    monkeypatch.setattr(preparation.prepared, "is_prepared", lambda *arguments: False)
    monkeypatch.setattr(preparation.Preparation, "run", run)
    params = {"release": "r", "prepared_from": "", "sandbox": "", "install_environment": "{}", "system_libraries": [], "commands": "{}"}
    with pytest.raises(CommandFailed) as failed:
        preparation.prepare(params, False, Beside([]))
    return failed.value


def test_a_failure_has_what_was_found_before_it(monkeypatch):
    def run(self):
        self.found["told"].append("requirements: requirements.txt (django_app_requirements overrides)")
        self.found["warnings"].append("uv.lock lacks pillow")
        self.libraries.told.append("Debian packages gcc")
        raise CommandFailed("ldap cannot be built", "printed")

    failure = prepared(monkeypatch, run)
    assert failure.found == {
        "told": ["requirements: requirements.txt (django_app_requirements overrides)", "Debian packages gcc"], "warnings": ["uv.lock lacks pillow"],
    }


def test_a_missing_module_says_what_else_there_is_and_no_more_than_that(monkeypatch):
    class Inspection:
        def __init__(self, *arguments):
            pass

        def run(self):
            raise CommandFailed("the project does not start: ModuleNotFoundError: No module named 'ldap'")

    monkeypatch.setattr(preparation, "Inspection", Inspection)

    def run(self, known=HELP):
        self.missing_module_help = known
        self.prepare()

    assert str(prepared(monkeypatch, run)).endswith(
        "No module named 'ldap'. The packages were installed from requirements.txt; there are also requirements-all.txt (django_app_requirements)."
    )
    assert len(str(prepared(monkeypatch, lambda self: run(self, {**HELP, "others": "x" * 90000})))) < 1200
    assert str(prepared(monkeypatch, lambda self: run(self, {}))).endswith("No module named 'ldap'")
