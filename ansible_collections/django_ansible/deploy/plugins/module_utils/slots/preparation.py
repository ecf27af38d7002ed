# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Makes a release beside the one that serves: its code, its virtual environment, and what Django says of it.

Everything is made below C(building), by the builder and then by the application's user, each in its sandbox, which shows it where it is going to be.
Root looks it through, takes it over and moves it to its place: what is in C(releases) and C(venvs) is complete, and never changes.
"""
from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Sequence

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.builder import Builder
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.completing import Lost, complete, completed
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.contents import Contents, unpacked
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.repository import archive_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.requirements import missing_module_hint
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.system_libraries import SystemLibraries
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.worker import OURS
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import secret_key
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import accounts, ownership, pythons
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.beside import Beside, meanwhile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, owner_ids
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree, Unsafe
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import commands, ground, kept_code, places, prepared, shared, warned
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.answers import hint_of, texts
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.inspection import Inspection, refuse_problems
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.prediction import predict

KEY = re.compile(r"[0-9a-f]{16}")
# Where the interpreter of a virtual environment may be.
PYTHONS = ("/usr/bin", "/usr/local")


LONGEST_HINT = 1000  # characters


class Preparation:
    """One release on its way, from the archive of a commit to what a slot can start."""

    def __init__(self, params: dict, layout: Layout, check_mode: bool, beside: Beside) -> None:
        """:param beside: an installation that goes on meanwhile."""
        self.params, self.layout, self.check_mode = params, layout, check_mode
        self.release, self.release_dir = params["release"], layout.release_dir(params["release"])
        self.known = layout.read_release(self.release)
        self.place = os.path.join(layout.building, self.release)
        self.builder = Builder(layout.app_name, params["sandbox"], json.loads(params["install_environment"]), check_mode)
        self.builder.beside = beside
        self.libraries = SystemLibraries(params["system_libraries"], beside.wait)
        self.found: dict = {"warnings": [], "told": []}
        # Pythons that root installed for this release, and why it could not.
        self.pythons: dict[str, str] = {}
        self.python_trouble = ""
        self.missing_module_help: dict = {}
        # What the commit holds and when its files were changed last, where the run told.
        self.contents: Contents = {}
        self.moments: list[int] = []
        self.done: list[str] = []
        # Says where uv is, once that is known.
        self.uv: Callable[[], str] | None = None

    def run(self) -> None:
        """:raises CommandFailed: when the release cannot be made; then nothing of it is left."""
        self.make_key()
        accounts.ensure(self.params["app_user"], self.params["app_group"], self.layout.app_dir)
        ground.prepare(self.layout, self.params["app_user"])
        places.check_writable(self.params["writable_paths"], owner_ids(self.params["app_user"], self.params["app_group"])[0])
        self.found["warnings"] += shared.ensure_shared(self.layout, self.params)
        try:
            facts = self.prepare() if self.known else self.make()
        except BaseException:
            if not self.known:
                self.clear(self.release, self.release_dir)
            prepared.discard(self.layout, self.release, prepared.key_of(self.params["prepared_from"]))
            raise
        self.found = {**facts, **self.findings(facts["warnings"])}

    def findings(self, warnings: Sequence[str] = ()) -> dict:
        """What was found out so far, which is of most use when the release cannot be made."""
        return {"warnings": [*warnings, *self.found["warnings"]], "told": self.found["told"] + self.libraries.told}

    def lacks_key(self) -> bool:
        return not Environment.parse(self.params["environment"]).values.get("SECRET_KEY")

    def make_key(self) -> None:
        """Has a lone host make a secret key where nobody gave one."""
        if self.lacks_key() and self.params["lone"]:
            secret_key.ensure(self.layout.etc)

    def judge_key(self) -> None:
        """Tells that the application runs with this host's own key, which other hosts would not know."""
        if not self.lacks_key():
            return
        if self.params["lone"]:
            self.found["warnings"].append(secret_key.sentence(self.layout.etc))
        else:
            raise CommandFailed(
                "this host made a SECRET_KEY when it was alone, and the others do not know it: set vault_secret_key, or SECRET_KEY in the "
                "environment, to what is in %s" % os.path.join(self.layout.etc, "secret_key")
            )

    def make(self) -> dict:
        """A release that is not there yet."""
        params = self.params
        builder = self.builder.ensure()
        user = owner_ids(params["app_user"], params["app_group"])
        venv = self.build(builder)
        with Tree(self.place) as tree:
            # Before the application opens anything in it; the link of the virtual environment, which leads outside, is made anew.
            tree.remove(".venv")
            refuse_problems(tree)
            tree.link(os.path.join("..", "..", "venvs", venv), ".venv")
            self.found["warnings"] += shared.share(self.layout, params, tree)
            ownership.own(tree, *user, of=builder[0])
        facts = self.prepare({self.release_dir: self.place})
        with Tree(self.place) as tree:
            # What a command of the project may have put in the place of what is the deploy's.
            for name in OURS:
                tree.remove(name)
            refuse_problems(tree, (self.layout.shared,))
            ownership.hand_over(tree, 0, user[1], 0o750, 0o640, of=user[0])
            tree.link(os.path.join("..", "..", "venvs", venv), ".venv")
            tree.write("REVISION", (params["revision"] + "\n").encode(), 0o640, 0, user[1])
            if self.contents:
                kept_code.keep(tree, self.contents, self.moments)
            created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            python = pythons.own_in(os.path.join(self.layout.venvs, venv))
            self.layout.write_record(self.place, release=self.release, revision=params["revision"], build=params["build"], venv=venv, python=python, created=created)
        os.rename(self.place, self.release_dir)
        self.done = ["code", *self.done]
        return facts

    def build(self, builder: tuple[int, int]) -> str:
        """Unpacks the code and builds its virtual environment, as the builder. Returns the name of that."""
        params, layout = self.params, self.layout
        self.begin(self.release, self.release_dir)
        if params["installer"] == "uv":
            # A host without it fetches it while the builder unpacks the commit and reads what that needs.
            self.uv = meanwhile(lambda: self.builder.uv(layout.tools))
        known = {
            "app_path": params["app_path"], "revision": params["revision"], "venvs": layout.venvs,
            "variables": sorted(Environment.parse(params["environment"]).values), "watched": self.libraries.users(),
        }
        with self.archive() as (archive, compressed):
            plan = self.work(["unpack", "claim", "plan", "byte_compile"], archive=archive, compressed=compressed, **known)
        # Only an order: whoever needs it looks at what was installed.
        self.builder.beside.say(self.libraries.loaded_by(set(texts(plan.get("named")))))
        key = str(plan.get("key"))
        if not KEY.fullmatch(key):
            raise CommandFailed("the builder named the virtual environment %.60r, which is no name of one" % key)
        self.found["warnings"] += texts(plan.get("warnings"))
        self.found["told"] += texts(plan.get("told"))
        self.missing_module_help = hint_of(plan.get("missing_module_help"))
        if plan.get("compiled") is not True:
            venv_dir = os.path.join(layout.venvs, key)
            if os.path.isdir(os.path.join(venv_dir, "bin")) and any(found.get("venv") == key for found in layout.list_releases()):
                # A release may run in it; it is not made anew below that. One that no release has was left by a version before, unfinished or closed.
                raise CommandFailed("the Python of %s is gone, or the builder cannot see it: install it again, or set django_app_python to another one" % venv_dir)
            self.libraries.with_build_tools(lambda: self.build_venv_beside(key, venv_dir, builder))
            self.done.append("venv")
            self.work(["byte_compile"], venvs=layout.venvs, key=key)
            self.libraries.for_installed(venv_dir, self.builder.beside.wait_for_soon())
        return key

    def build_venv_beside(self, key: str, venv_dir: str, builder: tuple[int, int]) -> None:
        """Once more when it fails while packages are still being installed: it may need one of them, such as git."""
        try:
            self.build_venv(key, venv_dir, builder)
        except CommandFailed:
            if not self.builder.beside.wait():
                raise
            self.build_venv(key, venv_dir, builder)

    def build_venv(self, key: str, venv_dir: str, builder: tuple[int, int]) -> None:
        name = "venv-" + key
        place = self.begin(name, venv_dir)
        try:
            self.work(["build"], {venv_dir: place}, venv=venv_dir)
            with Tree(place) as tree:
                refuse_problems(tree, (*PYTHONS, self.layout.tools))
                ownership.hand_over(tree, 0, 0, 0o755, 0o644, of=builder[0])
            os.rename(place, venv_dir)
        except BaseException:
            self.clear(name, venv_dir)
            raise

    def begin(self, name: str, final: str) -> str:
        """An empty folder of the builder's below C(building), and nothing where it is going to be."""
        self.clear(name, final)
        path = os.path.join(self.layout.building, name)
        ensure_directory(path, 0o700, self.builder.user, self.builder.user)
        return path

    def clear(self, name: str, final: str) -> None:
        with Tree(self.layout.building) as tree:
            tree.remove(name)
        # Where the sandbox showed it, systemd made an empty folder; an older layout left unfinished ones there.
        with Tree(os.path.dirname(final)) as tree:
            tree.remove(os.path.basename(final))

    def work(self, steps: list[str], shown: dict | None = None, archive=None, **request: object) -> dict:
        """Has the builder work on the release, with a Python that root installs when the checkout asks for one."""
        while True:
            wishes = self.wishes(installs="build" in steps)
            found = self.builder.work(steps, {self.release_dir: self.place, **(shown or {})}, archive, wishes=wishes, **request)
            asked = found.get("python_needed")
            if asked is None:
                return found
            # What it asked for, it read in what is unpacked by now.
            steps, archive = [step for step in steps if step != "unpack"], None
            if self.python_trouble or asked in self.pythons:
                raise CommandFailed("the builder asks for Python %.60s once more: look what the packages do when they are built" % asked)
            try:
                if self.uv:
                    self.uv()
                self.pythons[asked] = self.builder.python_for(asked, self.layout.tools)
            except CommandFailed as error:
                self.python_trouble = str(error)

    def wishes(self, installs: bool) -> dict:
        """:param installs: whether it takes the installer, which is waited for then."""
        params = self.params
        names = ("revision", "packages", "extras", "groups", "python", "installer", "servers", "install_folder", "strict_lock")
        return {
            **{name: params[name] for name in names},
            "release_dir": self.release_dir,
            "project_dir": os.path.normpath(os.path.join(self.release_dir, params["app_path"])),
            "settings_module": Environment.parse(params["environment"]).values.get("DJANGO_SETTINGS_MODULE", ""),
            "files": params["requirements"],
            "uv": self.uv() if installs and self.uv else "",
            "pythons": self.pythons,
            "python_trouble": self.python_trouble,
        }

    @contextlib.contextmanager
    def archive(self):
        """The open archive of the commit, and whether it is compressed.

        :raises Lost: when it was to be made from an earlier release, and cannot be.
        """
        params = self.params
        with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
            path, compressed = params["archive"], True
            if params["repository"]:
                path, compressed = os.path.join(folder, "archive.tar"), False
                mirror = os.path.join(folder if self.check_mode else self.layout.app_dir, "repository.git")
                archived = archive_of(params["repository"], params["revision"], mirror, path)
            else:
                archived = params["archived"]
                if params["archive_content"]:
                    path = os.path.join(folder, "archive.tar.gz")
                    with open(path, "wb") as file:
                        file.write(base64.b64decode(params["archive_content"]))
            if params["contents"]:
                told = unpacked(params["contents"])
                self.contents, self.moments = told["files"], told["moments"]
                if told["release"]:
                    path, compressed = self.complete(told, path, os.path.join(folder, "whole.tar")), False
            for kind, sentences in archived.items():
                self.found[kind] += sentences
            with open(path, "rb") as file:
                yield file, compressed

    def complete(self, told: dict, part: str, whole: str) -> str:
        """Makes the whole archive from an earlier release and what that lacks."""
        known = kept_code.read(self.layout, told["release"])
        self.contents, self.moments = completed(known, told), [max(told["moments"])]
        with Tree(self.layout.release_dir(told["release"])) as release:
            complete(release, known, self.contents, part, self.moments[0], whole)
        return whole

    def with_hint(self, error: str) -> str:
        """Adds what the builder knows of a module that is missed. It may say anything, so it is a short text at the end of an error and nothing else."""
        hint = missing_module_hint(error, self.missing_module_help)[:LONGEST_HINT] if self.missing_module_help else ""
        return error.rstrip(".") + "." + hint if hint else error

    def prepare(self, shown: dict | None = None) -> dict:
        """Asks Django of a release; one library may only be missed once another one is there, or a package that is still being installed."""
        if any(commands.parse(self.params["commands"]).values()):
            # The project's own may use any of them, and are not run twice.
            self.builder.beside.wait()
        while True:
            inspection = Inspection(self.params, self.layout, shown or {})
            try:
                facts = inspection.run()
                break
            except CommandFailed as error:
                if not (self.builder.beside.wait() or self.libraries.for_error(str(error))):
                    raise CommandFailed(self.with_hint(str(error)), error.printed) from error
        self.done += inspection.done
        # An application that reads another variable has nothing of it.
        if inspection.uses_given_key:
            self.judge_key()
        return facts


def prepare(params: dict, check_mode: bool, beside: Beside) -> dict:
    """Makes a release what a deploy needs it to be.

    :param beside: packages that are installed meanwhile; what needs them waits.
    :raises CommandFailed: with what is wrong and what to do.
    """
    layout = layout_of(params)
    if prepared.is_prepared(layout, params["release"], params["prepared_from"]):
        return {"changed": False, "done": [], "found": prepared.read(layout, params["release"])}
    known = warned.of_live(layout)
    try:
        preparation = Preparation(params, layout, check_mode, beside)
        if check_mode:
            predicted = predict(preparation)
            predicted["found"]["warnings"] = warned.new_first(predicted["found"].get("warnings", []), known)
            return predicted
        try:
            preparation.run()
        except CommandFailed as error:
            error.found = preparation.findings()
            raise
    except Lost as error:
        # No failure, which would give the deploy lock back: the whole commit comes next.
        return {"changed": False, "needs_all": str(error)}
    except Unsafe as error:
        raise CommandFailed(str(error)) from error
    facts = preparation.found
    unapplied, empty = facts.pop("unapplied"), facts.pop("empty")
    prepared.write(layout, params["release"], {**facts, "prepared": params["prepared_from"]})
    return {"changed": True, "done": preparation.done, "unapplied": unapplied, "empty": empty, "found": {**facts, "warnings": warned.new_first(facts["warnings"], known)}}
