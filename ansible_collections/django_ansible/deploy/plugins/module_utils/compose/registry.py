# Copyright (c) the django-ansible-deploy authors
# MIT License (see LICENSE or https://opensource.org/license/mit)
"""Image references, and the credentials with which they are pulled."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import tempfile

from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError, EngineError

FOLDER_PREFIX = "django-ansible-deploy-login-"


def split_reference(reference):
    """Registry ('' is the engine's default one), repository with its registry, tag, digest."""
    name, _at, digest = reference.partition("@")
    slash = name.rfind("/")
    colon = name.rfind(":")
    tag = ""
    if colon > slash:
        name, tag = name[:colon], name[colon + 1:]
    first = name.split("/", 1)[0] if "/" in name else ""
    registry = first if "." in first or ":" in first or first == "localhost" else ""
    return registry, name, tag, digest


def host_of(address):
    """Host and port of a registry, however it was written."""
    return address.split("://", 1)[-1].split("/", 1)[0].lower()


def registry_key(registry, index_address):
    """The name under which a docker config keeps a registry's credentials. The default registry goes by the whole address that the engine knows."""
    host, index = host_of(registry), host_of(index_address)
    if not host or host == index or index.endswith("." + host):
        return index_address
    return host


def stored_auth(config, key, ask_helper=None):
    """What a docker config has for a registry, in the engine's words, or None."""
    helper = (config.get("credHelpers") or {}).get(key, config.get("credsStore"))
    if helper:
        answer = (ask_helper or credential_helper)(helper, key)
        if not answer:
            return None
        if answer.get("Username") == "<token>":
            return {"identitytoken": answer.get("Secret", ""), "serveraddress": key}
        return {"username": answer.get("Username", ""), "password": answer.get("Secret", ""), "serveraddress": key}
    auths = config.get("auths") or {}
    entry = auths.get(key) or next((value for name, value in auths.items() if host_of(name) == host_of(key)), None)
    if not isinstance(entry, dict):
        return None
    if entry.get("identitytoken"):
        return {"identitytoken": entry["identitytoken"], "serveraddress": key}
    try:
        user, colon, password = base64.b64decode(entry.get("auth", "")).decode().rstrip("\0").partition(":")
    except ValueError:
        return None
    return {"username": user, "password": password, "serveraddress": key} if colon else None


def credential_helper(helper, key):
    """Ask docker-credential-<helper>, as the docker command does; no answer is no credential."""
    try:
        done = subprocess.run([f"docker-credential-{helper}", "get"], input=key.encode(), capture_output=True, timeout=30, check=True)
        answer = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return answer if isinstance(answer, dict) else None


def encode_auth(auth):
    """The engine's X-Registry-Auth header."""
    return base64.urlsafe_b64encode(json.dumps(auth).encode()).decode() if auth else None


def refused(error):
    """Whether a registry wants another credential. The engine has a status of its own for that, and often answers 500 with the registry's words all the same."""
    words = ("401 unauthorized", "unauthorized:", "no basic auth credentials", "authentication required", "access denied", "access to the resource is denied")
    return error.status in (401, 403) or any(word in error.message.lower() for word in words)


def login(engine, registry, username, password):
    """Have the engine try the credential; gives the entry for a docker config. Nothing is stored, and no process ever gets the password."""
    key = registry_key(registry, engine.info().get("IndexServerAddress") or "")
    name = host_of(key) or "the engine's default registry"
    try:
        answer = engine.ask("/auth", "POST", {"username": username, "password": password, "serveraddress": key}) or {}
    except EngineError as error:
        if refused(error):
            raise ComposeError(f"The registry {name} does not accept the user {username} with this password: check registry-username and registry-password.") from None
        raise ComposeError(f"The registry {name} does not say whether it accepts the user {username}: {error.message}.") from None
    if answer.get("IdentityToken"):
        return key, {"auth": basic(username, ""), "identitytoken": answer["IdentityToken"]}
    return key, {"auth": basic(username, password)}


def with_login(config, key, entry):
    """The host's docker config plus one credential that its helpers do not see, so that none of them stores or answers it."""
    merged = {name: value for name, value in config.items() if name != "currentContext"}
    merged["auths"] = {**(config.get("auths") or {}), key: entry}
    if config.get("credsStore") or (config.get("credHelpers") or {}).get(key):
        merged["credHelpers"] = {**(config.get("credHelpers") or {}), key: ""}
    return merged


@contextlib.contextmanager
def private_config(config):
    """A docker config folder of its own, only this user's, gone afterwards whatever happens."""
    base = memory_folder()
    folder = tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir=base)
    try:
        descriptor = os.open(os.path.join(folder, "config.json"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(config, file)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep_folders(base=None):
    """Remove what a killed run left: folders of this user whose process is gone."""
    base = base or memory_folder()
    with contextlib.suppress(OSError):
        for entry in os.scandir(base):
            pid = entry.name[len(FOLDER_PREFIX):].partition("-")[0]
            if not (entry.name.startswith(FOLDER_PREFIX) and pid.isdigit() and entry.is_dir(follow_symlinks=False)):
                continue
            if entry.stat(follow_symlinks=False).st_uid == os.getuid() and not os.path.exists(f"/proc/{pid}"):
                shutil.rmtree(entry.path, ignore_errors=True)


def memory_folder():
    """A folder in memory where there is one, so that not even a power cut leaves the credential on a disk."""
    for folder in ("/run" if os.getuid() == 0 else "", os.environ.get("XDG_RUNTIME_DIR", ""), "/dev/shm"):
        if folder and os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK):
            return folder
    return tempfile.gettempdir()


def basic(username, password):
    return base64.b64encode(f"{username}:{password}".encode()).decode()
