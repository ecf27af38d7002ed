# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Which variables of the environment a project's settings read, found by looking at their code; nothing of it runs."""
from __future__ import annotations

import ast
import os
import re
from typing import NamedTuple

# What a project's settings are made of at most, and how long one of the files may be.
MOST_FILES = 40
LONGEST = 1_000_000
# How many names a sentence has.
MOST_NAMES = 30
NAME = re.compile(r"[A-Za-z_]\w{0,99}")
# What libraries read when nothing else is said.
USUAL = {"db": "DATABASE_URL", "db_url": "DATABASE_URL", "cache": "CACHE_URL", "cache_url": "CACHE_URL", "email": "EMAIL_URL", "email_url": "EMAIL_URL"}
TYPES = ("str", "bool", "int", "float", "list", "dict", "tuple", "bytes")
# Methods of the readers of django-environ and environs that read no variable.
NO_READS = ("read_env", "read_envfile", "prefixed", "seal", "parse_value", "get_value")
# What makes dynaconf's settings, and what its variables begin with unless it says so.
DYNACONF = {"DjangoDynaconf": "DJANGO", "Dynaconf": "DYNACONF", "LazySettings": "DYNACONF"}
# The deploy sets it itself, whatever manage.py has as a default.
OURS = ("DJANGO_SETTINGS_MODULE",)


class Read(NamedTuple):
    """A variable that settings read."""

    name: str
    # Whether they fail without it.
    required: bool


def reads(project_dir: str, settings_module: str) -> list[Read]:
    """The variables by name that a settings module and what it imports of the project read. What cannot be read as Python is passed by."""
    found: dict[str, bool] = {}
    for tree in _trees(project_dir, settings_module):
        looked = _Look()
        looked.visit(tree)
        for name, required in looked.found:
            # One place that has a default is no help where another has none.
            found[name] = found.get(name, False) or required
        for name in looked.defaults:
            found[name] = False
    return [Read(name, found[name]) for name in sorted(found) if name not in OURS]


def prefixes(project_dir: str, settings_module: str) -> list[str]:
    """What variables begin with that the settings take all of, whatever their names: dynaconf's."""
    found = set()
    for tree in _trees(project_dir, settings_module):
        for node in ast.walk(tree):
            made = _dotted(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
            if made in DYNACONF:
                named = [_text(keyword.value) for keyword in node.keywords if keyword.arg and keyword.arg.lower() in ("envvar_prefix", "envvar_prefix_for_dynaconf")]
                found.add((named[0] if named and named[0] else DYNACONF[made]) + "_")
    return sorted(found)


def told(project_dir: str, settings_module: str, given: list[str]) -> list[str]:
    """Sentences about what the settings read and what of that is set; none when they read nothing."""
    return [*_told(reads(project_dir, settings_module), given), *(
        "environment: dynaconf makes a setting of each variable that begins with %s, such as %sDEBUG (django_app_env or env sets them)" % (prefix, prefix)
        for prefix in prefixes(project_dir, settings_module)
    )]


def _told(found: list[Read], given: list[str]) -> list[str]:
    if not found:
        return []
    missing = [read.name for read in found if read.required and read.name not in given]
    open_names = [read.name for read in found if not read.required and read.name not in given]
    are_set = len(found) - len(missing) - len(open_names)
    one = len(found) == 1
    parts = ["the settings read %d variable%s of the environment; %d %s set" % (len(found), "" if one else "s", are_set, "is" if are_set == 1 else "are")]
    if missing:
        parts.append("without a default and not set: %s (django_app_env or env sets them)" % _listed(missing))
    if open_names:
        parts.append("not set: " + _listed(open_names))
    return ["environment: " + "; ".join(parts)]


def _listed(names: list[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (" and %d more" % more if more > 0 else "")


def _trees(project_dir: str, settings_module: str):
    """The settings module's syntax tree, and those of the project's modules that it is made of."""
    waiting, seen = [settings_module], set()
    while waiting and len(seen) < MOST_FILES:
        module = waiting.pop(0)
        if module in seen:
            continue
        seen.add(module)
        path, is_package = _file_of(project_dir, module)
        tree = _parsed(path) if path else None
        if tree is None:
            continue
        yield tree
        waiting += _imports(tree, module if is_package else module.rpartition(".")[0])


def _file_of(project_dir: str, module: str) -> tuple[str, bool]:
    parts = module.split(".")
    if not all(part.isidentifier() for part in parts):
        return "", False
    base = os.path.join(project_dir, *parts)
    for path, is_package in ((base + ".py", False), (os.path.join(base, "__init__.py"), True)):
        if os.path.isfile(path):
            return path, is_package
    return "", False


def _parsed(path: str) -> ast.Module | None:
    try:
        with open(path, "rb") as file:
            return ast.parse(file.read(LONGEST))
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _imports(tree: ast.Module, package: str) -> list[str]:
    """Modules that a tree imports from, in full."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        above = package.split(".") if package else []
        above = above[: len(above) - node.level + 1] if node.level else []
        base = ".".join([*above, *([node.module] if node.module else [])])
        found += [base, *(base + "." + alias.name if base else alias.name for alias in node.names)]
    return [name for name in found if name]


def _text(node: ast.AST | None) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) and NAME.fullmatch(node.value) else ""


def _dotted(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        base = _dotted(node.value)
        return base + "." + node.attr if base else ""
    return node.id if isinstance(node, ast.Name) else ""


class _Look(ast.NodeVisitor):
    """Collects what one module reads."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bool]] = []
        # Of a reader that is made with types and defaults: environ.Env(DEBUG=(bool, False)).
        self.defaults: set[str] = set()
        # Names of readers: C(env) by convention, or what is assigned.
        self.readers = {"env"}
        self.decouple: set[str] = set()
        # Functions of the project that read the variable that their first argument names, and whether they fail without it.
        self.helpers: dict[str, bool] = {}

    def note(self, node: ast.AST | None, required: bool) -> None:
        name = _text(node)
        if name:
            self.found.append((name, required))

    def visit_Module(self, node: ast.Module) -> None:
        for part in ast.walk(node):
            if isinstance(part, ast.ImportFrom) and part.module == "decouple":
                self.decouple.update(alias.asname or alias.name for alias in part.names if alias.name == "config")
            elif isinstance(part, ast.Assign) and isinstance(part.value, ast.Call):
                self._note_reader(part)
            elif isinstance(part, ast.FunctionDef):
                self._note_helper(part)
        self.generic_visit(node)

    def _note_reader(self, node: ast.Assign) -> None:
        made = _dotted(node.value.func).rpartition(".")[2]
        names = {target.id for target in node.targets if isinstance(target, ast.Name)}
        if made in ("Env", "FileAwareEnv"):
            self.readers |= names
            for keyword in node.value.keywords:
                if isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) == 2 and keyword.arg:
                    self.defaults.add(keyword.arg)
        elif made in ("AutoConfig", "Config"):
            self.decouple |= names

    def _note_helper(self, node: ast.FunctionDef) -> None:
        first = next(iter(node.args.args), None)
        for part in ast.walk(node):
            if isinstance(part, ast.Subscript) and _is_environ(part.value) and _is_name(_index(part), first):
                self.helpers[node.name] = True
            elif isinstance(part, ast.Call) and _reads_environ(part.func) and part.args and _is_name(part.args[0], first):
                self.helpers.setdefault(node.name, False)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        if isinstance(node.ctx, ast.Load) and _is_environ(node.value):
            self.note(_index(node), True)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = _dotted(node.func)
        base, _, method = name.rpartition(".")
        first = node.args[0] if node.args else None
        if _reads_environ(node.func):
            self.note(first, False)
        elif name in self.decouple:
            self.note(first, not _has_default(node))
        elif name in self.helpers:
            self.note(first, self.helpers[name] and len(node.args) + len(node.keywords) < 2)
        elif name == "dj_database_url.config":
            named = next((keyword.value for keyword in node.keywords if keyword.arg == "env"), first)
            self.found.append((_text(named) or "DATABASE_URL", False))
        elif name in self.readers:
            self.note(first, not _has_default(node))
        elif base in self.readers and method not in NO_READS:
            if first is None and method in USUAL:
                self.found.append((USUAL[method], not _has_default(node)))
            else:
                self.note(first, not _has_default(node))
        self.generic_visit(node)


def _index(node: ast.Subscript) -> ast.AST:
    # Until Python 3.8 an index had a node of its own around it.
    return getattr(node.slice, "value", node.slice) if type(node.slice).__name__ == "Index" else node.slice


def _is_environ(node: ast.AST) -> bool:
    return _dotted(node) in ("os.environ", "environ")


def _reads_environ(node: ast.AST) -> bool:
    return _dotted(node) in ("os.environ.get", "environ.get", "os.getenv", "getenv", "os.environ.pop", "os.environ.setdefault")


def _is_name(node: ast.AST, argument: ast.arg | None) -> bool:
    return isinstance(node, ast.Name) and argument is not None and node.id == argument.arg


def _has_default(node: ast.Call) -> bool:
    second = node.args[1] if len(node.args) > 1 else None
    is_type = isinstance(second, ast.Name) and second.id in TYPES
    return len(node.args) > 2 or (second is not None and not is_type) or any(keyword.arg == "default" for keyword in node.keywords)
