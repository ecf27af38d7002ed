"""What is sent to another Python on the host has all that it imports: there the collection is not installed."""
import ast
import inspect

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
