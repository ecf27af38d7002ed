# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Lock files of tools that are not installed here, read as the lines that pip and uv take.

The tools themselves would bring some thirty packages that nobody pinned, to be run as root.
"""
from __future__ import annotations

import json
import os
import re
import sys

# The files that were read so far, for what is said of one that has not its form.
READ: list[str] = []
NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class BadLock(Exception):
    """A lock file that cannot be read; the text says what to do."""


def load_toml(path: str) -> dict:
    """Reads TOML with what this Python or its pip brings."""
    try:
        import tomllib
    except ImportError:
        if "/usr/lib/python3/dist-packages" not in sys.path:
            sys.path.append("/usr/lib/python3/dist-packages")
        from pip._vendor import tomli as tomllib
    return _loaded(path, "TOML", tomllib.load)


def load_json(path: str) -> dict:
    return _loaded(path, "JSON", json.load)


def _loaded(path: str, form: str, load) -> dict:
    READ.append(os.path.basename(path))
    try:
        with open(path, "rb") as file:
            return load(file)
    except (ValueError, RecursionError) as error:
        raise BadLock("%s is no valid %s: %s" % (os.path.basename(path), form, error)) from error
    except OSError as error:
        raise BadLock("%s cannot be read: %s" % (os.path.basename(path), error.strerror)) from error


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def missing_in_uv_lock(path: str) -> list[str]:
    """The dependencies that the pyproject.toml beside a uv.lock declares and the lock does not know of."""
    declared = load_toml(os.path.join(os.path.dirname(path), "pyproject.toml")).get("project", {}).get("dependencies", [])
    own = [package for package in load_toml(path).get("package", []) if "." in (package.get("source", {}).get(kind) for kind in ("editable", "virtual", "directory"))]
    known = {normal(entry["name"]) for package in own for entry in package.get("metadata", {}).get("requires-dist", [])}
    return sorted({normal(found.group()) for found in map(NAME.match, declared) if found} - known) if own else []


def line_of(name: str, version: str, markers: str, hashes: list[str], url: str = "", extras: str = "") -> str:
    what = "%s%s @ %s" % (name, extras, url) if url else "%s%s==%s" % (name, extras, version)
    return what + (" ; " + markers if markers else "") + "".join(" --hash=" + value for value in sorted(hashes))


def hashed_or_not(lines: list[str]) -> list[str]:
    """Hashes for all of them or for none, as installers want it."""
    if all("--hash=" in line for line in lines):
        return lines
    return [line.split(" --hash=")[0] for line in lines]


def pipfile_lines(path: str) -> list[str]:
    """The default packages of a Pipfile.lock."""
    lines = []
    for name, about in load_json(path).get("default", {}).items():
        extras = "[%s]" % ",".join(about["extras"]) if about.get("extras") else ""
        if "path" in about or "file" in about:
            place = about.get("path") or about["file"]
            lines.append(("--editable " if about.get("editable") else "") + place)
            continue
        url = "git+%s@%s" % (about["git"], about.get("ref", "HEAD")) if "git" in about else ""
        lines.append(line_of(name, about.get("version", "").lstrip("="), about.get("markers", ""), about.get("hashes", []), url, extras))
    return hashed_or_not(lines)


def poetry_lines(lock_path: str, extras: list[str], groups: list[str]) -> list[str]:
    """The packages of a poetry.lock that production needs: those of the main group, of *groups* and of *extras*."""
    lock = load_toml(lock_path)
    pyproject_path = os.path.join(os.path.dirname(lock_path), "pyproject.toml")
    pyproject = load_toml(pyproject_path) if os.path.exists(pyproject_path) else {}
    packages = lock.get("package", [])
    wanted = _by_groups(packages, groups) if all("groups" in package for package in packages) else _by_graph(packages, pyproject, groups)
    for extra in extras:
        names = [normal(re.split(r"[^\w.-]", name)[0]) for name in lock.get("extras", {}).get(extra, [])]
        if extra not in lock.get("extras", {}):
            raise BadLock("poetry.lock has no extra %s: take it out of django_app_extras, or declare it and lock again" % extra)
        _walk(packages, {name: "" for name in names}, wanted)
    lines = []
    for package in packages:
        name = normal(package["name"])
        if name not in wanted or (package.get("optional") and wanted[name] is None):
            continue
        source = package.get("source", {})
        url = "git+%s@%s" % (source["url"], source.get("resolved_reference", "HEAD")) if source.get("type") == "git" else ""
        url = source["url"] if source.get("type") == "url" else url
        if source.get("type") in ("directory", "file"):
            lines.append(os.path.join(os.path.dirname(lock_path), source["url"]))
            continue
        hashes = [] if url else [file["hash"] for file in package.get("files", [])]
        lines.append(line_of(package["name"], package["version"], _marker(package, groups) or wanted[name] or "", hashes, url))
    return hashed_or_not(lines)


def _marker(package: dict, groups: list[str]) -> str:
    """Of a lock of Poetry 2: one marker for all groups, or one for each."""
    markers = package.get("markers", "")
    if isinstance(markers, str):
        return markers
    needed = [markers.get(group, "") for group in ("main", *groups) if group in package.get("groups", [])]
    return " or ".join("(%s)" % marker for marker in needed) if all(needed) else ""


def _by_groups(packages: list[dict], groups: list[str]) -> dict:
    """Names with None where an extra decides; locks of Poetry 2 say which groups need a package."""
    return {normal(package["name"]): None if package.get("optional") else "" for package in packages if {"main", *groups} & set(package["groups"])}


def _by_graph(packages: list[dict], pyproject: dict, groups: list[str]) -> dict:
    """The same from a lock of Poetry 1, which only has what each package depends on."""
    poetry = pyproject.get("tool", {}).get("poetry", {})
    roots = {name: about for name, about in poetry.get("dependencies", {}).items() if normal(name) != "python" and not _is_optional(about)}
    for group in groups:
        roots.update(poetry.get("group", {}).get(group, {}).get("dependencies", {}))
    if not roots:
        raise BadLock("poetry.lock is of Poetry 1, and its pyproject.toml names no dependencies: run `poetry lock` with Poetry 2 and commit poetry.lock")
    wanted: dict = {}
    _walk(packages, {normal(name): _edge_marker(about) for name, about in roots.items()}, wanted)
    return wanted


def _walk(packages: list[dict], roots: dict, wanted: dict) -> None:
    """Adds to *wanted* all that *roots* depend on, each with the marker under which it is needed."""
    by_name: dict = {}
    for package in packages:
        by_name.setdefault(normal(package["name"]), []).append(package)
    waiting = list(roots.items())
    while waiting:
        name, marker = waiting.pop()
        known = wanted.get(name)
        if known is not None:
            # Needed in several ways: without a condition as soon as one of them has none.
            wanted[name] = "" if not (known and marker) else known if marker in known else "%s or (%s)" % (known, marker)
            continue
        wanted[name] = "(%s)" % marker if marker else ""
        for package in by_name.get(name, []):
            waiting += [(normal(child), _edge_marker(about)) for child, about in package.get("dependencies", {}).items() if not _is_optional(about)]


def _is_optional(about: object) -> bool:
    return isinstance(about, dict) and bool(about.get("optional"))


def _edge_marker(about: object) -> str:
    return about.get("markers", "") if isinstance(about, dict) else ""
