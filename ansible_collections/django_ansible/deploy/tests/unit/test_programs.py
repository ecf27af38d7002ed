"""What is sent to another Python on the host has all that it imports: there the collection is not installed. And transient units are started in one way."""
import ast
import inspect
from pathlib import Path

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.build import builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import application

OURS = "ansible_collections.django_ansible.deploy."


def imported(module):
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS):
            yield node.module, [name.name for name in node.names]


@pytest.mark.parametrize("program", [builder.PROGRAM, application.PROGRAM], ids=["builder", "application"])
def test_each_module_comes_after_those_that_it_imports(program):
    known = set()
    for module in program:
        for name, names in imported(module):
            missing = [] if name in known else ["%s.%s" % (name, one) for one in names if "%s.%s" % (name, one) not in known]
            assert not missing, "%s imports what the program has not, or has later" % module.__name__
        known.add(module.__name__)


def test_only_one_function_starts_transient_units():
    plugins = Path(__file__).parents[2] / "plugins"
    found = []
    for path in sorted(plugins.rglob("*.py")):
        for function in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)):
            words = [node.value for node in ast.walk(function) if isinstance(node, ast.Constant)]
            found += ["%s %s" % (path.relative_to(plugins), function.name)] * ("systemd-run" in words)
    assert found == ["module_utils/host/systemd.py transient"]
