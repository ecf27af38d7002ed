#!/usr/bin/python
# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_release
short_description: Prepares a release beside the one that serves
description:
  - Puts the code of one commit into a release folder, makes or reuses its virtual environment, runs Django's system check with the
    application's environment and collects static files into the release.
  - Nothing that serves is touched. A second run for the same commit and environment changes nothing.
  - The code comes from the controller's working copy (O(workspace), uploaded by the action plugin of the same name) or from a
    repository that the host itself clones (O(repository)).
extends_documentation_fragment:
  - django_ansible.deploy.layout
  - django_ansible.deploy.layout.application
options:
  release:
    description: Name of the release, C(<time>-<first 7 of the commit>).
    type: str
    required: true
  revision:
    description: Full commit hash.
    type: str
    required: true
  workspace:
    description: Folder on the controller whose commit O(revision) is uploaded. Give this or O(repository).
    type: path
  upload:
    description: Whether the host lacks the release, so that the code has to be uploaded.
    type: bool
    default: true
  archive:
    description: Set by the action plugin, the uploaded archive on the host.
    type: path
  repository:
    description: Git URL that the host clones.
    type: str
  python:
    description:
      - Interpreter of the virtual environment, a path, or a version. By default the host's own when it fits what the checkout asks for, else
        another one of the host, else one that uv installs below O(app_dir).
    type: str
    default: ''
  installer:
    description: What installs the requirements.
    type: str
    choices: [uv, pip]
    default: uv
  requirements:
    description:
      - Requirement files, relative to O(app_path). By default the file that the checkout itself is believed to be installed by, a lock file before
        others.
    type: list
    elements: str
    default: []
  extras:
    description: Extras of the project that are installed with it.
    type: list
    elements: str
    default: []
  groups:
    description: Dependency groups that are installed besides, of C(pyproject.toml) or a lock.
    type: list
    elements: str
    default: []
  install_folder:
    description:
      - Folder in the repository whose project is itself installed. By default none, unless the package of the settings cannot be imported from
        O(app_path).
    type: str
    default: ''
  install_environment:
    description: More environment variables for what is downloaded, such as mirrors and proxies, as one JSON object, so that it is hidden as a whole.
    type: str
    default: '{}'
  system_libraries:
    description: Debian packages by the Python packages that need them, with C(python) or C(missing), C(build) and C(run).
    type: list
    elements: dict
    default: []
  packages:
    description: More requirements, as pip takes them.
    type: list
    elements: str
    default: []
  servers:
    description: What serves the application, as a mapping of Python package to the requirement that is added when the others do not bring it.
    type: dict
    required: true
  entry:
    description: WSGI or ASGI application, C(module:name); it is imported once to see that it loads.
    type: str
    required: true
  gunicorn_config:
    description: What gunicorn's configuration file will hold; gunicorn is asked to check it with O(entry).
    type: str
    default: ''
  check_level:
    description:
      - Level of C(manage.py check --deploy) at which the deploy stops; what is below it is told as a warning, as are model changes
        without a migration. V(none) checks nothing.
    type: str
    choices: [critical, error, warning, info, none]
    default: error
  collectstatic:
    description: Whether static files are collected.
    type: bool
    default: true
  settings:
    description:
      - What the project's settings are completed from, as one JSON object, so that it is hidden as a whole. C(complete) says whether they are
        at all, C(override) has settings that win over the project's, C(server_names) are the names that Django has to allow, C(https)
        says that the site is served over https, and C(static_url) and C(media_url) are where nginx serves files.
    type: str
    default: '{"complete": false, "override": {}, "server_names": [], "https": false, "static_url": "/static/", "media_url": "/media/"}'
  commands:
    description:
      - Commands of the project by phase, C(build) before static files are collected and C(static) after it, as one JSON object, so that their
        environment is hidden.
    type: str
    default: '{}'
  shared_paths:
    description: Paths in the repository that are links into C(shared) in a release.
    type: list
    elements: str
    default: []
  build:
    description: Stands for all that the release is made from besides its commit, so that another release is made when it changes.
    type: str
    default: ''
  prepared_from:
    description: Stands for all that the release is prepared from besides its commit, its environment among it; a change of it prepares the release anew.
    type: str
    required: true
  ask_database:
    description: Whether to tell RV(unapplied).
    type: bool
    default: false
  lone:
    description: Whether the application has this host alone, so that a secret key may be made on it.
    type: bool
    default: false
attributes:
  check_mode:
    support: partial
    details:
      - On a host that serves a release, the new code is asked, from a temporary folder, which migrations are not applied and what Django's checks
        say, with the virtual environment of the release that serves. What that cannot tell is named.
      - On a host without a release it predicts that one would be made, and names what cannot be told.
author:
  - The django-ansible-deploy authors
"""

EXAMPLES = r"""
- name: Prepare the checked-out commit
  django_ansible.deploy.app_release:
    app_name: mydjango
    app_dir: /opt/mydjango
    app_user: django
    app_group: django
    socket_link: /run/mydjango/gunicorn.sock
    release: 20260102T030405Z-0123456
    revision: 0123456789abcdef0123456789abcdef01234567
    workspace: /home/me/mydjango
    servers: {gunicorn: gunicorn==27.0.1}
    entry: mydjango.wsgi:application
    environment: "{{ {'DJANGO_SETTINGS_MODULE': 'mydjango.settings'} | to_json }}"
    prepared_from: mydjango.settings
"""

RETURN = r"""
done:
  description: What was made, any of V(code), V(venv), V(check), V(static).
  type: list
  returned: success
unapplied:
  description: The migrations that are not applied, as the release says; V(null) when it was not asked, or cannot be.
  type: list
  returned: success
told:
  description: What was found out about the project, each with what overrides it. The action plugin shows it.
  type: list
  returned: success
deploy:
  description: For the events file, what Django's system check warns of, C(warnings), and C(target_revision); in check mode also the C(migrations) that would be
    applied, C(requirements) that change, and what is C(unknown).
  type: dict
  returned: success
"""

import contextlib
import json
import os
import shutil
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.django_ansible.deploy.plugins.module_utils import commands, secret_key, settings_completion, venv
from ansible_collections.django_ansible.deploy.plugins.module_utils.application import Application, CommandFailed, Environment, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.arguments import APPLICATION, LAYOUT, layout_of, lock_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.files import ensure_directory, owner_ids, write_atomically
from ansible_collections.django_ansible.deploy.plugins.module_utils.layout import replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.lock import Locked
from ansible_collections.django_ansible.deploy.plugins.module_utils.prediction import predict
from ansible_collections.django_ansible.deploy.plugins.module_utils.system_libraries import SystemLibraries

CACHE = "/var/cache/django-ansible-deploy"


def make_folders(layout, params) -> None:
    for path in (layout.app_dir, layout.releases, layout.venvs, layout.slots, layout.static):
        ensure_directory(path)
    for path in (layout.shared, os.path.join(layout.shared, "media")):
        ensure_directory(path, 0o755, params["app_user"], params["app_group"])


def fetch(repository: str, revision: str, mirror: str) -> None:
    """Brings *revision* into a bare repository on the host, with no more history than it needs."""
    env = {**os.environ, "GIT_TERMINAL_PROMPT": "0"}
    if not os.path.isdir(mirror):
        run(["git", "init", "--quiet", "--bare", mirror])
    try:
        run(["git", "-C", mirror, "fetch", "--quiet", "--depth", "1", "--", repository, revision], env=env)
    except CommandFailed:
        # Not every server hands out a commit by its hash; then its branches and tags have to come whole.
        run(["git", "-C", mirror, "fetch", "--quiet", "--force", "--tags", "--", repository, "+refs/heads/*:refs/heads/*"], env=env)


def unpack(params, partial: str, mirror: str) -> None:
    """The code of the commit, root's and readable by all, nothing of it writable by the application."""
    os.makedirs(partial, mode=0o755)
    archive = params["archive"]
    if params["repository"]:
        fetch(params["repository"], params["revision"], mirror)
        archive = os.path.join(partial, ".archive.tar")
        run(["git", "-C", mirror, "-c", "tar.umask=0022", "archive", "--format=tar", "--output", archive, params["revision"]])
    run(["tar", "--extract", "--no-same-owner", "--no-same-permissions", "--file", archive, "--directory", partial], umask=0o022)
    if params["repository"]:
        os.unlink(archive)
    with open(os.path.join(partial, "REVISION"), "w", encoding="utf-8") as file:
        file.write(params["revision"] + "\n")


def place_code(layout, params) -> None:
    final = layout.release_dir(params["release"])
    partial = final + ".partial"
    shutil.rmtree(partial, ignore_errors=True)
    try:
        unpack(params, partial, os.path.join(layout.app_dir, "repository.git"))
        if not os.path.exists(os.path.join(partial, params["app_path"], "manage.py")):
            raise CommandFailed(
                "commit %s has no manage.py in %s: set app_path to the folder that has it" % (params["revision"][:7], params["app_path"])
            )
        share(layout, params, partial)
        shutil.rmtree(final, ignore_errors=True)
        os.rename(partial, final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def share(layout, params, folder: str) -> None:
    """Puts links to C(shared) in place of paths of the checkout; what the checkout has there is where the shared one begins."""
    uid, gid = owner_ids(params["app_user"], params["app_group"])
    for name in params["shared_paths"]:
        tracked, shared = os.path.join(folder, name), os.path.join(layout.shared, name)
        if not os.path.lexists(shared):
            ensure_directory(os.path.dirname(shared) if os.path.isfile(tracked) else shared)
            if os.path.isdir(tracked):
                shutil.copytree(tracked, shared, symlinks=True, dirs_exist_ok=True)
            elif os.path.isfile(tracked):
                shutil.copy2(tracked, shared)
            own_from(layout.shared, name, uid, gid)
        if os.path.isdir(tracked) and not os.path.islink(tracked):
            shutil.rmtree(tracked)
        elif os.path.lexists(tracked):
            os.unlink(tracked)
        os.makedirs(os.path.dirname(tracked), mode=0o755, exist_ok=True)
        os.symlink(shared, tracked)


def own_from(top: str, name: str, uid: int, gid: int) -> None:
    """Gives the application a path below *top* and the folders on the way to it."""
    path = top
    for part in os.path.normpath(name).split(os.sep):
        path = os.path.join(path, part)
        os.chown(path, uid, gid)
    give(path, uid, gid)


def run_commands(layout, params, application: Application, phase: str) -> list[str]:
    """Runs the project's commands of a phase, which may write into the release while they do."""
    entries = commands.parse(params["commands"]).get(phase, [])
    if not entries:
        return []
    release_dir = layout.release_dir(params["release"])
    try:
        with writable(release_dir, release_dir, params):
            return [commands.run_one(application, layout, entry) for entry in entries]
    finally:
        carried = os.path.join(application.project_dir, settings_completion.MODULE + ".py")
        if os.path.exists(carried):
            os.chown(carried, 0, owner_ids(params["app_user"], params["app_group"])[1])


@contextlib.contextmanager
def writable(folder: str, release_dir: str, params):
    """Lets the application write its release, or a folder of it, for as long as this lasts, and any other one when it has to be made."""
    inside = os.path.join(os.path.realpath(folder), "").startswith(os.path.realpath(release_dir) + os.sep)
    if inside or not os.path.isdir(folder):
        os.makedirs(folder, mode=0o755, exist_ok=True)
        give(folder, *owner_ids(params["app_user"], params["app_group"]))
    try:
        yield
    finally:
        if inside:
            give(folder, 0, 0)


def give(folder: str, uid: int, gid: int) -> None:
    for path, _, names in os.walk(folder):
        os.chown(path, uid, gid)
        for name in names:
            os.chown(os.path.join(path, name), uid, gid, follow_symlinks=False)


def carry_settings(application: Application, text: str, params) -> str | None:
    """Puts the module that completes the project's settings into the release and has Django use it; its name, or None when there is none."""
    path = os.path.join(application.project_dir, settings_completion.MODULE + ".py")
    if not text:
        if os.path.exists(path):
            os.unlink(path)
        return None
    # It may hold what django_app_settings_override has, and that may be a secret.
    write_atomically(path, text.encode(), 0o640, "root", params["app_group"])
    application.environment.values["DJANGO_SETTINGS_MODULE"] = settings_completion.MODULE
    return settings_completion.MODULE


def ask_django(layout, application: Application, release_dir: str, params) -> tuple[dict, list[str]]:
    """Checks the release and collects its static files; returns what was found out about it and what was done."""
    checks = ["check", "missing_migrations"] if params["check_level"] != "none" else []
    asked = {"entry": params["entry"], "gunicorn_config": params["gunicorn_config"], "check_level": params["check_level"].upper()}
    host = {
        **json.loads(params["settings"]), "release_dir": release_dir, "project_dir": application.project_dir,
        "shared": os.path.join(params["app_dir"], "shared"),
    }
    # Static files are collected in the same process where they go to the usual folder, which has to be the application's before it starts.
    usual = application.environment.values["STATIC_ROOT"]
    at_once = params["collectstatic"] and usual.startswith(release_dir + os.sep) and "build" not in commands.parse(params["commands"])
    with writable(usual, release_dir, params) if at_once else contextlib.nullcontext():
        also = (["collectstatic"] if at_once else []) + (["unapplied"] if params["ask_database"] else [])
        found = application.drive("inspect", *checks, "entry", *also, host=host, static_root=usual, **asked)
    facts = {**found["inspect"], "warnings": [warning for step in ("settings", *checks, "entry") for warning in found[step]["warnings"]]}
    facts["settings_module"] = carry_settings(application, found["settings"]["text"], params)
    facts["unapplied"] = found["unapplied"]["migrations"] if params["ask_database"] else None
    done = (["check"] if checks else []) + run_commands(layout, params, application, "build")
    if params["collectstatic"]:
        if not facts["static_root"]:
            facts["warnings"].append("STATIC_ROOT is not set, so no static files were collected: set it from the variable STATIC_ROOT of the environment")
        else:
            if not (at_once and facts["static_root"] == usual):
                with writable(facts["static_root"], release_dir, params):
                    application.drive("collectstatic", static_root=facts["static_root"])
            done.append("static")
    done += run_commands(layout, params, application, "static")
    return facts, done


def byte_compile(python: str, folder: str) -> None:
    """Saves every later start of the application the time for it, since none of them may write into the release."""
    try:
        run([python, "-m", "compileall", "-q", "-j", "0", folder])
    except CommandFailed:
        pass  # Files that are no Python of this version are the project's business, and harmless until it imports them.


def complete(layout, params, environment: Environment) -> tuple[dict, list[str]]:
    """Gives a release folder its virtual environment and asks Django about it."""
    release_dir = layout.release_dir(params["release"])
    wishes = venv.Wishes(
        release_dir=release_dir,
        project_dir=os.path.normpath(os.path.join(release_dir, params["app_path"])),
        settings_module=environment.values.get("DJANGO_SETTINGS_MODULE", ""),
        **{name: params[name] for name in ("revision", "packages", "extras", "groups", "python", "installer", "servers", "install_folder")},
        files=params["requirements"],
    )
    plan = venv.Plan(wishes, os.path.join(layout.app_dir, "tools"), os.path.join(CACHE, "uv"))
    libraries = SystemLibraries(params["system_libraries"])
    venv_dir = os.path.join(layout.venvs, plan.key())
    built = venv.build(venv_dir, plan, libraries)
    replace_link(os.path.relpath(venv_dir, release_dir), os.path.join(release_dir, ".venv"))
    byte_compile(os.path.join(venv_dir, "bin", "python"), release_dir)
    application = Application(release_dir, params["app_path"], params["app_user"], layout.app_dir, environment)
    while True:
        try:
            facts, asked = ask_django(layout, application, release_dir, params)
            break
        except CommandFailed as error:
            # One library may only be missed once another one is there.
            if not libraries.for_error(str(error)):
                raise
    facts["warnings"] += plan.warnings
    return {**facts, "venv": os.path.basename(venv_dir), "told": plan.told + libraries.told}, (["venv"] if built else []) + asked


def environment_of(layout, params) -> tuple[Environment, list[str]]:
    """The application's environment with this host's own secret key where nobody gave one, and what to say of it.

    :raises CommandFailed: when other hosts would not know a key that was made here.
    """
    given = Environment.parse(params["environment"]).values.get("SECRET_KEY")
    told = [secret_key.ensure(layout.etc)] if params["lone"] and not given else []
    environment = Environment.of_release(params, layout, params["release"])
    if given:
        return environment, []
    if not params["lone"] and environment.values.get("SECRET_KEY"):
        raise CommandFailed(
            "this host made a SECRET_KEY when it was alone, and the others do not know it: set vault_secret_key, or SECRET_KEY in the "
            "environment, to what is in %s" % os.path.join(layout.etc, "secret_key")
        )
    return environment, told


def prepare(module: AnsibleModule) -> dict:
    params = module.params
    layout = layout_of(params)
    release_dir = layout.release_dir(params["release"])
    known = layout.read_release(params["release"])
    if layout.is_prepared(params["release"], params["prepared_from"]):
        return {"changed": False, "done": [], "found": known}
    if module.check_mode:
        if known:
            return {"changed": True, "done": ["check", "static"], "found": known}
        found = predict(layout, params, lambda code: unpack(params, code, code + ".git"))
        return {"changed": True, "done": ["code", "venv", "check", "static"], "found": found}
    make_folders(layout, params)
    environment, told = environment_of(layout, params)
    new = not os.path.isdir(release_dir)
    try:
        if new:
            place_code(layout, params)
        facts, done = complete(layout, params, environment)
    except Exception:
        if new:
            shutil.rmtree(release_dir, ignore_errors=True)
        raise
    facts["warnings"] += told
    unapplied = facts.pop("unapplied")
    created = known.get("created") or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    layout.mark_release(
        params["release"], release=params["release"], revision=params["revision"], build=params["build"], prepared=params["prepared_from"],
        created=created, **facts
    )
    return {"changed": True, "done": (["code"] if new else []) + done, "unapplied": unapplied, "found": facts}


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **LAYOUT,
            **APPLICATION,
            "release": {"type": "str", "required": True},
            "revision": {"type": "str", "required": True},
            "workspace": {"type": "path"},
            "upload": {"type": "bool", "default": True},
            "archive": {"type": "path"},
            "repository": {"type": "str"},
            "python": {"type": "str", "default": ""},
            "installer": {"type": "str", "choices": ["uv", "pip"], "default": "uv"},
            "requirements": {"type": "list", "elements": "str", "default": []},
            "packages": {"type": "list", "elements": "str", "default": []},
            "extras": {"type": "list", "elements": "str", "default": []},
            "groups": {"type": "list", "elements": "str", "default": []},
            "install_folder": {"type": "str", "default": ""},
            "install_environment": {"type": "str", "default": "{}", "no_log": True},
            "system_libraries": {"type": "list", "elements": "dict", "default": []},
            "servers": {"type": "dict", "required": True},
            "entry": {"type": "str", "required": True},
            "gunicorn_config": {"type": "str", "default": ""},
            "check_level": {"type": "str", "choices": ["critical", "error", "warning", "info", "none"], "default": "error"},
            "collectstatic": {"type": "bool", "default": True},
            "settings": {"type": "str", "default": '{"complete": false, "override": {}, "server_names": [], "https": false, "static_url": "/static/", "media_url": "/media/"}', "no_log": True},
            "commands": {"type": "str", "default": "{}", "no_log": True},
            "shared_paths": {"type": "list", "elements": "str", "default": []},
            "build": {"type": "str", "default": ""},
            "prepared_from": {"type": "str", "required": True, "no_log": True},
            "ask_database": {"type": "bool", "default": False},
            "lone": {"type": "bool", "default": False},
        },
        required_one_of=[("workspace", "repository")],
        mutually_exclusive=[("workspace", "repository")],
        supports_check_mode=True,
    )
    # What serves goes first.
    os.nice(10)
    os.environ.update({name: str(value) for name, value in json.loads(module.params["install_environment"]).items()})
    try:
        with lock_of(module.params, module.check_mode).step():
            result = prepare(module)
    except (CommandFailed, Locked) as error:
        module.fail_json(
            msg="release %s cannot be prepared: %s" % (module.params["release"], error), deploy={"target_revision": module.params["revision"]}
        )
    found = result.pop("found")
    warnings, told = (found.get(name, []) if result["changed"] else [] for name in ("warnings", "told"))
    for warning in warnings:
        module.warn(warning)
    predicted = {key: found[key] for key in ("migrations", "requirements", "unknown") if isinstance(found.get(key), list)}
    module.exit_json(
        **result, told=told, deploy={"warnings": warnings, "target_revision": module.params["revision"], **(predicted if module.check_mode else {})}
    )


if __name__ == "__main__":
    main()
