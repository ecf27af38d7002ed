"""The rooms of module_utils and what each may import: arrows only downwards, no circles."""
import ast
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
ROOMS = PLUGINS / "module_utils"
OURS = "ansible_collections.django_ansible.deploy.plugins.module_utils."
MAY_IMPORT = {
    "host": {"host"},
    "build": {"build", "host"},
    "database": {"database", "host"},
    "django": {"django", "database", "build", "host"},
    "slots": {"slots", "django", "database", "build", "host"},
    "compose": {"compose", "django", "database", "host"},
}


def imported(file):
    """What a file imports of module_utils, as `room.module` or `room`."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OURS.rstrip(".")):
            below = node.module[len(OURS) :]
            yield from [below] if "." in below else ["%s.%s" % (below, name.name) for name in node.names]


def modules():
    return {"%s.%s" % (file.parent.name, file.stem): file for file in ROOMS.glob("*/*.py") if file.stem != "__init__"}


@pytest.mark.parametrize("room", sorted(MAY_IMPORT))
def test_a_room_imports_only_what_lies_below_it(room):
    wrong = {
        "%s imports %s" % (file.relative_to(ROOMS), name)
        for file in (ROOMS / room).glob("*.py")
        for name in imported(file)
        if name.split(".")[0] not in MAY_IMPORT[room]
    }
    assert not wrong


def test_every_file_is_in_a_room_that_says_what_it_is_for():
    assert {path.name for path in ROOMS.iterdir() if path.name != "__pycache__"} == set(MAY_IMPORT)
    for room in MAY_IMPORT:
        assert ast.get_docstring(ast.parse((ROOMS / room / "__init__.py").read_text()))


def test_no_circles():
    arrows = {name: set(imported(file)) for name, file in modules().items()}
    while arrows:
        leaves = {name for name, targets in arrows.items() if not targets & set(arrows)}
        assert leaves, "these import each other: %s" % sorted(arrows)
        arrows = {name: targets for name, targets in arrows.items() if name not in leaves}


def test_modules_import_rooms_by_their_full_name():
    for file in (PLUGINS / "modules").glob("*.py"):
        assert set(imported(file)) <= set(modules()), file.name
