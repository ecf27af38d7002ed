# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Whether a project shows that its uploads are for everybody, and which of them it guards.

Runs in the release's virtual environment, beside driver: the standard library and Django alone, on every Python that Django supports.
In doubt, uploads are private.
"""
from __future__ import annotations

import ast
import os
import re

# Settings of packages that have nginx hand out what Django allowed: which say so, the location, the folder.
HANDED_OUT = (
    ("SENDFILE_BACKEND", "SENDFILE_URL", "SENDFILE_ROOT"),
    ("PRIVATE_STORAGE_SERVER", "PRIVATE_STORAGE_INTERNAL_URL", "PRIVATE_STORAGE_ROOT"),
)
# No project has files of these names: whatever answers for them answers for every name.
PROBE = "f2c1b7d0/9a6e.txt"


class Uploads:
    """Collects what a project says of its uploads, from its settings, URL patterns and models."""

    def __init__(self, settings):
        self.settings = settings
        self.root = os.path.realpath(str(settings.MEDIA_ROOT)) if settings.MEDIA_ROOT else ""
        self.url = str(settings.MEDIA_URL or "")
        self.patterns = list(patterns_of(settings)) if getattr(settings, "ROOT_URLCONF", None) else []

    def found(self):
        """Whether they are public and why, what is guarded of them, and what nginx hands out on Django's word."""
        public, why = self.judge()
        return {"url": self.url, "public": public, "why": why, "guarded": sorted(self.guarded()) if public else [], "protected": self.protected()}

    def judge(self):
        if not self.url.startswith("/") or not self.url.strip("/") or not self.root:
            return False, "MEDIA_URL or MEDIA_ROOT is not set to a path"
        for middleware in self.settings.MIDDLEWARE or []:
            if re.search(r"login_?required", middleware, re.IGNORECASE):
                return False, "%s lets nobody in without login" % middleware.rpartition(".")[2]
        view = self.own_view()
        if view:
            return False, "the project answers below %s itself (%s)" % (self.url, view)
        place = self.served()
        if place:
            return True, "%s serves them" % place
        return False, "no URL pattern of the project serves them"

    def own_view(self):
        """The view of the project that answers for any upload, unless it does for whatever else, too."""
        from django.urls import Resolver404, resolve

        def view(path):
            try:
                return resolve(path).func
            except Resolver404:
                return None

        found = view(self.url + PROBE)
        if found is None or is_serve(found) or found is view("/" + PROBE):
            return None
        return getattr(found, "__qualname__", type(found).__name__)

    def is_root(self, folder):
        return bool(folder) and os.path.realpath(str(folder)) == self.root

    def served(self):
        """Where the project serves all of MEDIA_ROOT: in a URL pattern, or in one that is there in development alone."""
        for prefix, callback, arguments, module in self.patterns:
            if is_serve(callback) and prefix == self.url and self.is_root(arguments.get("document_root")):
                return module
        for module, path in sorted(set(self.sources())):
            try:
                with open(path, "rb") as file:
                    tree = ast.parse(file.read())
            except (OSError, ValueError, SyntaxError):
                continue
            if serves_media(tree):
                return module
        return None

    def sources(self):
        """The project's own URL modules, with their files."""
        import sys

        for name in {module for _, _, _, module in self.patterns} | {self.settings.ROOT_URLCONF}:
            path = getattr(sys.modules.get(name), "__file__", None)
            if path and os.sep + "site-packages" + os.sep not in path:
                yield name, path

    def guarded(self):
        """What paths below MEDIA_URL begin with that are not for everybody, though the rest is."""
        for prefix, callback, _, _ in self.patterns:
            if prefix.startswith(self.url) and prefix != self.url and not is_serve(callback):
                yield prefix[len(self.url):]
        for folder in [*self.storages(), *self.protected().values()]:
            yield folder + "/"
        if "wagtail.documents" in self.settings.INSTALLED_APPS and getattr(self.settings, "WAGTAILDOCS_SERVE_METHOD", None) != "direct":
            yield "documents/"

    def storages(self):
        """Folders of MEDIA_ROOT that file fields have as a storage of their own, under no URL that would show them."""
        from django.apps import apps
        from django.core.files.storage import FileSystemStorage
        from django.db.models import FileField

        for model in apps.get_models():
            for field in model._meta.get_fields():
                storage = getattr(field, "storage", None) if isinstance(field, FileField) else None
                below = self.below(storage.location) if isinstance(storage, FileSystemStorage) else ""
                if below and storage.base_url != "%s%s/" % (self.url, below):
                    yield below

    def below(self, folder):
        """A folder relative to MEDIA_ROOT; empty when it is not below it."""
        path = os.path.realpath(str(folder))
        return os.path.relpath(path, self.root) if self.root and path.startswith(self.root + os.sep) else ""

    def protected(self):
        """Internal locations that packages of the project lead to, each with its folder of MEDIA_ROOT."""
        found = {}
        for backend, location, folder in HANDED_OUT:
            url = str(getattr(self.settings, location, None) or "").strip("/")
            below = self.below(getattr(self.settings, folder, None) or "/")
            if "nginx" in str(getattr(self.settings, backend, "")) and url and below:
                found["/%s/" % url] = below
        return found


def is_serve(callback):
    from django.views.static import serve

    return callback is serve


def patterns_of(settings):
    """Every URL pattern: what its path begins with, its view and the view's own arguments, and the module that has it."""
    from django.urls import get_resolver

    def walk(resolver, prefix, module):
        for pattern in resolver.url_patterns:
            path = prefix + literal(pattern.pattern) if prefix is not None else None
            if hasattr(pattern, "url_patterns"):
                # What comes after something that is not literal begins with what came before it.
                yield from walk(pattern, path, getattr(pattern.urlconf_module, "__name__", module))
            elif path is not None:
                yield path, pattern.callback, pattern.default_args, module

    return walk(get_resolver(), "/", settings.ROOT_URLCONF)


def literal(pattern):
    """What every path begins with that a pattern matches."""
    route = getattr(pattern, "_route", None)
    if route is not None:
        return str(route).partition("<")[0]
    regex = str(getattr(pattern, "_regex", "")).lstrip("^")
    if "|" in regex:
        return ""
    plain = re.match(r"(?:[\w/ -]|\\[^\w])*", regex).group(0)
    if regex[len(plain):len(plain) + 1] in tuple("*+?{"):
        plain = plain[:-1]
    return re.sub(r"\\(.)", r"\1", plain)


def serves_media(tree):
    """Whether a module has a URL pattern for all uploads that needs no login, be it that it is there in development alone."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names.update({alias.asname or alias.name: "%s.%s" % (node.module, alias.name) for alias in node.names})
    rebound = {target.id for node in ast.walk(tree) if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}

    def means(node, meaning):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            return "%s.%s" % (names.get(node.value.id), node.attr) == meaning
        return isinstance(node, ast.Name) and node.id not in rebound and names.get(node.id) == meaning

    def mentions(node, setting):
        return any(getattr(part, "attr", getattr(part, "id", None)) == setting for part in ast.walk(node))

    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        if means(node.func, "django.conf.urls.static.static") and mentions(node.args[0], "MEDIA_URL"):
            return True
        # A view that asks for a login first is a call around it, and no argument.
        given = [*node.args, *(keyword.value for keyword in node.keywords)]
        if any(means(argument, "django.views.static.serve") for argument in given) and mentions(node, "MEDIA_ROOT"):
            return True
    return False


def uploads_of(settings):
    """What is found out; never a reason to fail."""
    try:
        return Uploads(settings).found()
    except Exception as error:
        return {"url": "", "public": False, "why": "the project's URLs cannot be looked at: %s" % type(error).__name__, "guarded": [], "protected": {}}
