# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Makes a release beside the one that serves: its code, its virtual environment, and what Django says of it."""
from __future__ import annotations

import os
import shutil
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.build import venv
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.system_libraries import SystemLibraries
from ansible_collections.django_ansible.deploy.plugins.module_utils.build.unpack import unpack
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import secret_key
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.application import Application
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.environment import Environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory, owner_ids, replace_link
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.arguments import layout_of
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.environment import release_environment
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.inspection import ask_django, give
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.prediction import predict

CACHE = "/var/cache/django-ansible-deploy"


def make_folders(layout, params) -> None:
    for path in (layout.app_dir, layout.releases, layout.venvs, layout.slots, layout.static):
        ensure_directory(path)
    for path in (layout.shared, os.path.join(layout.shared, "media")):
        ensure_directory(path, 0o755, params["app_user"], params["app_group"])


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
    environment = release_environment(params, layout, params["release"])
    if given:
        return environment, []
    if not params["lone"] and environment.values.get("SECRET_KEY"):
        raise CommandFailed(
            "this host made a SECRET_KEY when it was alone, and the others do not know it: set vault_secret_key, or SECRET_KEY in the "
            "environment, to what is in %s" % os.path.join(layout.etc, "secret_key")
        )
    return environment, told


def prepare(params: dict, check_mode: bool) -> dict:
    layout = layout_of(params)
    release_dir = layout.release_dir(params["release"])
    known = layout.read_release(params["release"])
    if layout.is_prepared(params["release"], params["prepared_from"]):
        return {"changed": False, "done": [], "found": known}
    if check_mode:
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
    facts["warnings"] += told if facts.pop("uses_given_key") else []
    unapplied = facts.pop("unapplied")
    created = known.get("created") or time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    layout.mark_release(
        params["release"], release=params["release"], revision=params["revision"], build=params["build"], prepared=params["prepared_from"],
        created=created, **facts
    )
    return {"changed": True, "done": (["code"] if new else []) + done, "unapplied": unapplied, "found": facts}
