"""What is documented is what is there: options of modules, defaults of roles."""
from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

COLLECTION = Path(__file__).parents[2]
PACKAGE = "ansible_collections.django_ansible.deploy.plugins"
MODULES = sorted(path.stem for path in (COLLECTION / "plugins/modules").glob("*.py"))
ROLES = sorted(path.name for path in (COLLECTION / "roles").iterdir())


class Seen(Exception):
    pass


def argument_spec(module, monkeypatch):
    def capture(argument_spec, **options):
        raise Seen(argument_spec)

    monkeypatch.setattr(module, "AnsibleModule", capture)
    with pytest.raises(Seen) as seen:
        module.main()
    return seen.value.args[0]


def documented(module):
    documentation = yaml.safe_load(module.DOCUMENTATION)
    options = dict(documentation.get("options") or {})
    for name in documentation.get("extends_documentation_fragment") or []:
        _, _, fragment, *section = name.split(".")
        fragments = importlib.import_module("%s.doc_fragments.%s" % (PACKAGE, fragment)).ModuleDocFragment
        options.update(yaml.safe_load(getattr(fragments, section[0].upper() if section else "DOCUMENTATION"))["options"])
    return documentation, options


def facts(option):
    return {"type": option.get("type", "str"), "required": option.get("required", False), "default": option.get("default"), "choices": option.get("choices"), "elements": option.get("elements")}


@pytest.mark.parametrize("name", MODULES)
def test_module_options_are_documented_as_they_are(name, monkeypatch):
    module = importlib.import_module("%s.modules.%s" % (PACKAGE, name))
    documentation, options = documented(module)
    assert documentation["module"] == name
    assert {key: facts(value) for key, value in options.items()} == {key: facts(value) for key, value in argument_spec(module, monkeypatch).items()}
    assert yaml.safe_load(module.EXAMPLES)
    assert yaml.safe_load(module.RETURN)


@pytest.mark.parametrize("role", ROLES)
def test_role_variables_are_documented_with_their_defaults(role):
    options = yaml.safe_load((COLLECTION / "roles" / role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    defaults = yaml.safe_load((COLLECTION / "roles" / role / "defaults/main.yml").read_text())
    assert set(defaults) <= set(options)
    found = {name for name, default in defaults.items() if "django_app_detected" in str(default)}
    assert {name: option["default"] for name, option in options.items() if "default" in option} == {
        name: default for name, default in defaults.items() if name not in found
    }
    for name, option in options.items():
        words = " ".join([option["description"]] if isinstance(option["description"], str) else option["description"])
        assert words, name
        assert name not in found or "By default" in words, name
