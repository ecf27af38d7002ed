# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a commit would change, found out with its own code beside the release that serves. Nothing of it stays on the host."""
from __future__ import annotations

import os
import pwd
import re
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.build.builder import ask
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.worker import OURS
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import rules
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.proof import Policy, refusal
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import ownership
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, owner_ids
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.tree import Tree
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import prepared
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import application_sandbox, live_application, release_environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.inspection import refuse_problems

MADE = ["code", "venv", "check", "static"]
MIGRATION = re.compile(r"(?:^|/)(\w+)/migrations/(\w+)\.py$")
LONGEST_SETTINGS = 1 << 20  # bytes
# Not /var/tmp, of which the sandbox has its own.
PLACE = "/var/lib"
NAME = re.compile(r"[\w.-]*")
MOST_LINES, LONGEST_LINE = 1000, 300  # characters
LOCKED = re.compile(r'^name = "([^"]+)"\nversion = "([^"]+)"', re.MULTILINE)


def requirement_changes(before: dict, after: dict) -> list[str]:
    """Lines that requirement files lose and gain, C(-django==5.1) and C(+django==5.2); of lock files the packages."""
    lines = {True: [], False: []}
    for texts, gained in ((before, False), (after, True)):
        for path, text in sorted(texts.items()):
            lines[gained] += ["%s==%s" % pair for pair in LOCKED.findall(text)] if path.endswith(".lock") else _plain_lines(path, text)
    lost, gained = set(lines[False]) - set(lines[True]), set(lines[True]) - set(lines[False])
    changes = sorted([("-", line) for line in lost] + [("+", line) for line in gained], key=lambda change: (NAME.match(change[1])[0].lower(), change[0] == "+", change[1]))
    told = [sign + line[:LONGEST_LINE] for sign, line in changes[:MOST_LINES]]
    return told + (["+… and %d more lines" % (len(changes) - MOST_LINES)] if len(changes) > MOST_LINES else [])


def _plain_lines(path: str, text: str) -> list[str]:
    if not path.endswith((".txt", ".in")):
        return []
    lines = (line.split(" --hash")[0].split(" #")[0].rstrip("\\ ").strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "--hash"))]


class Prediction:
    """What preparing a commit would find, told with the builder's hands, and the application's where it may be asked.

    :param preparation: of the commit; nothing of it is made where it would be.
    :param place: a folder for the code, gone afterwards.
    """

    def __init__(self, preparation, live: str, place: str) -> None:
        self.preparation, self.params, self.layout = preparation, preparation.params, preparation.layout
        self.live, self.live_dir, self.place = live, preparation.layout.release_dir(live), place
        self.found: dict = {"migrations": [], "requirements": [], "unknown": [], "warnings": []}

    def run(self) -> dict:
        """:raises CommandFailed: when the deploy would certainly end there, with the words that it would end with."""
        builder, params = self.preparation.builder, self.params
        ensure_directory(self.place, 0o700, builder.user, builder.group)
        with self.preparation.archive() as (archive, compressed):
            builder.work(["unpack"], {self.place: self.place}, archive, wishes=self.folders(self.place), compressed=compressed)
        self.found["warnings"] += self.preparation.found["warnings"]
        with Tree(self.place) as tree:
            for name in OURS:
                tree.remove(name)
            # The deploy would end there, and what is read below is shown to whoever wrote the commit: nothing of the host is among it.
            refuse_problems(tree)
        claimed = {"app_path": params["app_path"], "revision": params["revision"]}
        after = builder.work(["claim", "read_requirements"], {self.place: self.place}, wishes=self.folders(self.place), **claimed)["texts"]
        before = ask(application_sandbox(params), ["read_requirements"], {}, wishes=self.folders(self.live_dir))["texts"]
        self.found["requirements"] = requirement_changes(before, after)
        if params["check_with_environment"]:
            self.ask_django(certain=before == after)
        else:
            self.compare_migrations()
        return self.found

    def folders(self, release_dir: str) -> dict:
        return {"release_dir": release_dir, "project_dir": os.path.normpath(os.path.join(release_dir, self.params["app_path"]))}

    def compare_migrations(self) -> None:
        """The project's own migrations that the live release lacks, by their files: what the database says needs the application's password."""
        with Tree(self.place) as after, Tree(self.live_dir) as before:
            self.found["migrations"] = sorted(migrations_in(after) - migrations_in(before))
        self.found["unknown"].append(
            "Django's checks, migrations of packages and what the database lacks: not predicted, since Django did not run, which takes the application's secrets; "
            "django_app_check_with_environment: true lets it run"
        )

    def ask_django(self, certain: bool) -> None:
        """*certain* is whether the code runs with the requirements that it would get."""
        params, layout = self.params, self.layout
        facts = prepared.read(layout, self.live)
        with Tree(self.place) as tree:
            ownership.own(tree, *owner_ids(params["app_user"], params["app_group"]), of=pwd.getpwnam(self.preparation.builder.user).pw_uid)
            tree.link(os.path.realpath(os.path.join(self.live_dir, ".venv")), ".venv")
            if facts.get("settings_module") and not facts.get("key"):
                self.carry_settings(tree, facts["settings_module"] + ".py")
        sandbox = application_sandbox(params, shown={self.place: self.place})
        application = Application(self.place, params["app_path"], layout.app_dir, release_environment(params, layout, self.live), sandbox)
        checks = ["check", "missing_migrations"] if params["check_level"] != "none" else []
        try:
            answer = application.drive(*checks, "plan", check_level=params["check_level"].upper(), operations=params["proof"] != "off", release_dir=self.place)
        except CommandFailed as error:
            if certain:
                raise
            self.found["unknown"].append(
                "migrations and Django's checks: the requirements change, and with those of the live release the new code says: %s"
                % " ".join(str(error).split())[-300:]
            )
            return
        self.found["migrations"] = answer["plan"]["migrations"]
        self.found["warnings"] += [warning for step in checks for warning in answer[step]["warnings"]]
        self.judge(answer["plan"])
        if not certain:
            self.found["unknown"].append("migrations of requirements that change, since the new ones are not installed on the host")

    def judge(self, plan: dict) -> None:
        """Whether the live release could go on, by rules: a check makes no copy of the schema.

        :raises CommandFailed: when the deploy would be refused.
        """
        operations = plan.get("operations", [])
        if not operations:
            return
        tables = live_application(self.params, self.layout).drive("columns")["columns"]["tables"]
        final = self.layout.release_dir(self.params["release"])
        for one in operations:
            if one.get("file"):
                one["file"] = final + one["file"][len(self.place) :]
        found = rules.expected(operations, tables)
        breaks, later = [rules.sentence(one) for one in found], rules.contracting(found, plan) if found else []
        if later:
            self.found["warnings"].append(
                "%s: applied once the new release is live everywhere, if the proof finds that both releases work until then; else refused: %s" % (", ".join(later), breaks[0])
            )
            return
        if breaks and self.params["proof"] == "refuse":
            raise CommandFailed(refusal(breaks, Policy("refuse", variable="django_app_schema_proof")))
        self.found["warnings"] += ["breaks the live release: %s" % one for one in breaks]

    def carry_settings(self, tree: Tree, name: str) -> None:
        """The module that completes the project's settings, which releases of the first layout have in them."""
        path = os.path.normpath(os.path.join(self.params["app_path"], name))
        with Tree(self.live_dir) as live:
            tree.write(path, live.read(path, LONGEST_SETTINGS), 0o640, *owner_ids(self.params["app_user"], self.params["app_group"]))


def migrations_in(tree: Tree) -> set[str]:
    """The migrations that a project has in its own folders."""
    found = (MIGRATION.search(entry.path) for entry in tree.entries() if entry.kind == "file")
    return {"%s.%s" % match.groups() for match in found if match and match.group(2) != "__init__"}


def predict(preparation) -> dict:
    """What C(prepare) would return, in check mode.

    :raises CommandFailed: when the deploy would certainly end there, with the words that it would end with.
    """
    layout = preparation.layout
    if preparation.known:
        return {"changed": True, "done": ["check", "static"], "found": prepared.read(layout, preparation.release)}
    live = layout.live_release()
    if not live or not layout.starts(live):
        unknown = (
            "migrations and Django's checks: the Python of the live release is not on this host any more; the deploy installs the requirements for another one"
            if live else
            "migrations and Django's checks: no release is on this host yet; the first deploy installs the requirements and applies every migration "
            "that the database lacks"
        )
        return {"changed": True, "done": MADE, "found": {"migrations": [], "requirements": [], "unknown": [unknown], "warnings": []}}
    with tempfile.TemporaryDirectory(prefix="django-ansible-check-", dir=PLACE) as folder:
        os.chmod(folder, 0o711)
        try:
            return {"changed": True, "done": MADE, "found": Prediction(preparation, live, os.path.join(folder, "code")).run()}
        finally:
            with Tree(folder) as tree:
                tree.remove("code")
