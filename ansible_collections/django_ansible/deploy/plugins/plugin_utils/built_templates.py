# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Keeps what Ansible compiles of this collection's templates for the next run.

Every task of every host is a process of its own, which compiles each template that it comes to from its text: most of what a task costs where Ansible runs.
Templates are those of the role's variables and tasks too, a few hundred. Here a process finds what an earlier run compiled, or another process of this one.

Only texts of this collection's own files are kept. What users write stays out, since it may hold a secret. Jinja folds no constants for Ansible, so that what
is compiled depends on the text, on the settings of Jinja and on how the filters and tests in it are to be called, which are all compared. Where Ansible has not
what is named here, as in a later version, each process compiles as ever.
"""
from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import marshal
import os
import pathlib
import types

import jinja2
from ansible.release import __version__ as ansible_version

SETTINGS = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string", "comment_end_string",
    "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks", "newline_sequence", "keep_trailing_newline", "optimized", "autoescape",
)


PLUGINS = "plugins"  # the entry beside those of templates


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def lend(kept: pathlib.Path, made: pathlib.Path, ours: pathlib.Path) -> None:
    """Has Ansible use what *kept* has, and note in *made* what it has to compile from files below *ours*.

    :raises OSError: Where a folder cannot be used.
    :raises ImportError, AttributeError: Where Ansible has not what is named here.
    """
    from ansible._internal._datatag._tags import Origin
    from ansible._internal._templating import _jinja_bits

    if _jinja_bits.AnsibleEnvironment._debuggable_template_source:
        return
    config = _jinja_bits._TemplateConfig
    general = repr((config.allow_embedded_templates, config.jinja_extensions))
    escapes = _jinja_bits._TemplateCompileContext.current
    compile_it = _jinja_bits.AnsibleEnvironment.compile
    made.mkdir(exist_ok=True)
    known = _read(kept)
    below = "%s/" % ours

    def compiled(self, source, name=None, filename=None, raw=False, defer_init=False):
        origin = Origin.get_tag(source) if isinstance(source, str) else None
        path = filename or (origin.path if origin else None) or ""
        if raw or defer_init or not isinstance(source, str) or not str(path).startswith(below):
            return compile_it(self, source, name, filename, raw, defer_init)
        settings = [general, escapes(optional=True), *(getattr(self, setting) for setting in SETTINGS)]
        key = hashlib.sha256(repr((str(source), name, filename, settings)).encode()).hexdigest()
        code = _code(known.get(key), self) or _code(_content(made / key), self)
        if code is None:
            code = compile_it(self, source, name, filename, raw, defer_init)
            content = marshal.dumps((code, _plugins(self, self._parse(source, name, filename))))
            with contextlib.suppress(OSError):
                _write(made, key, content)
        return code

    _jinja_bits.AnsibleEnvironment.compile = compiled


def keep(made: pathlib.Path, kept: pathlib.Path) -> None:
    """Keeps what this run compiled itself, in one file beside which no other of the kind stays."""
    new = {file.name: file.read_bytes() for file in made.glob("*") if not file.name.startswith(".")}
    if not new:
        return
    kept.mkdir(parents=True, exist_ok=True)
    whole = {**_read(kept), **new}
    whole[PLUGINS] = marshal.dumps(sorted({(kind, name) for key, made in whole.items() if key != PLUGINS for kind, name, _ in marshal.loads(made)[1]}))
    content = marshal.dumps(whole)
    name = "%s.%s" % (digest(content), _kind())
    old = [file for file in kept.glob("*." + _kind()) if file.name != name]
    _write(kept, name, content)
    for file in old:
        file.unlink(missing_ok=True)


def plugins(kept: pathlib.Path, kind: str) -> list[str]:
    """The names of all filters or tests in what is kept.

    :param kind: `filters` or `tests`.
    """
    content = _read(kept).get(PLUGINS)
    return [name for of, name in marshal.loads(content) if of == kind] if content else []


def _kind() -> str:
    """What the files of this Python, Ansible and Jinja are called after their checksum."""
    return "templates-" + digest(importlib.util.MAGIC_NUMBER + repr((ansible_version, jinja2.__version__)).encode())


def _read(kept: pathlib.Path) -> dict[str, bytes]:
    for file in kept.glob("*." + _kind()):
        content = file.read_bytes()
        if file.name.partition(".")[0] == digest(content):
            return marshal.loads(content)
    return {}


def _content(file: pathlib.Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def _code(content: bytes | None, environment: jinja2.Environment) -> types.CodeType | None:
    if content is None:
        return None
    code, plugins = marshal.loads(content)
    return code if plugins == [(kind, name, _passed(environment, kind, name)) for kind, name, _ in plugins] else None


def _plugins(environment: jinja2.Environment, tree: jinja2.nodes.Template) -> list[tuple[str, str, str]]:
    """The filters and tests of a template, each with what Jinja gives it before its value, as that is a part of what is compiled."""
    named = [("filters", node.name) for node in tree.find_all(jinja2.nodes.Filter)] + [("tests", node.name) for node in tree.find_all(jinja2.nodes.Test)]
    return [(kind, name, _passed(environment, kind, name)) for kind, name in sorted(set(named))]


def _passed(environment: jinja2.Environment, kind: str, name: str) -> str:
    return str(getattr(getattr(environment, kind).get(name), "jinja_pass_arg", None))


def _write(folder: pathlib.Path, name: str, content: bytes) -> None:
    """A file that appears whole, as other processes may read it."""
    partial = folder / (".%s.%d" % (name, os.getpid()))
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(content)
    os.replace(partial, folder / name)
