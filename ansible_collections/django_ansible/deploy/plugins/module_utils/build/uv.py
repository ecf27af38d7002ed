# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""uv on the host: the one that is there, or a pinned one installed beside the application."""
from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator

from ansible_collections.django_ansible.deploy.plugins.module_utils.build import uv_wheel
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed, run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ensure_directory

VERSION = "0.12.5"
OLDEST = (0, 11)  # the first that knows UV_SYSTEM_CERTS
# sha256 of the wheels for Linux, glibc and musl, x86_64 and aarch64; pip takes the one that fits.
HASHES = (
    "2d65b7b3bc3fd28678f62aa7fb5d90f106ad9782c1354af60b6cecdf9ea9ecd9",
    "3e195ccf1ed60c8bb24a6447ce306441a4181d54b602407e09bc56e963911c15",
    "58abfb0f658b39a834307a11223bc170294ea214263b4c99ecc7663720d43544",
    "dc14e4f81a99b585a891350c60d1ff4557d54cb3c3c81fa45fd4e0dd512ba752",
)


def _version(path: str) -> tuple[int, ...]:
    try:
        found = re.match(r"uv (\d+)\.(\d+)", run([path, "--version"], timeout=30))
    except CommandFailed:
        return ()
    return tuple(int(part) for part in found.groups()) if found else ()


def find_uv(tools_dir: str) -> str | None:
    """The path of a usable uv: the pinned one, else one on PATH that is new enough."""
    pinned = _pinned(tools_dir)
    if is_for_everyone(pinned, tools_dir):
        return pinned
    found = shutil.which("uv", path="/usr/local/bin:/usr/bin:/bin")
    return found if found and _version(found) >= OLDEST else None


def is_for_everyone(path: str, top: str) -> bool:
    """Whether a program is there that the builder reaches: a version before made some with the host's own umask."""
    try:
        while os.stat(path).st_mode & 0o001:
            if path == top:
                return True
            path = os.path.dirname(path)
    except FileNotFoundError:
        pass
    return False


def install_uv(tools_dir: str) -> str:
    """Installs the pinned uv with the host's own pip, so that pip's mirror and proxy settings hold.

    :raises CommandFailed: when pip is missing or cannot reach its index.
    """
    with _placed(tools_dir) as folder:
        lock = os.path.join(folder, "requirements.txt")
        with open(lock, "w", encoding="utf-8") as file:
            file.write("uv==%s %s\n" % (VERSION, " ".join("--hash=sha256:" + value for value in HASHES)))
        try:
            run(["/usr/bin/python3", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:",
                 "--require-hashes", "--no-cache-dir", "--target", os.path.join(folder, "uv"), "--requirement", lock])
        except CommandFailed as error:
            raise CommandFailed("uv could not be installed; install it on the host or set django_app_installer: pip. %s" % error) from error
    return _pinned(tools_dir)


def fetch_uv(tools_dir: str) -> str | None:
    """Installs the pinned uv without pip, where the package index needs nothing but its address; None where pip has to do it."""
    program = uv_wheel.fetch(VERSION, HASHES, os.environ)
    if program is None:
        return None
    with _placed(tools_dir) as folder:
        target = os.path.join(folder, "uv", "bin")
        os.makedirs(target, 0o755)
        with open(os.path.join(target, "uv"), "wb") as file:
            file.write(program)
            os.fchmod(file.fileno(), 0o755)
    return _pinned(tools_dir)


def _pinned(tools_dir: str) -> str:
    return os.path.join(tools_dir, "uv-" + VERSION, "bin", "uv")


@contextlib.contextmanager
def _placed(tools_dir: str) -> Iterator[str]:
    """A folder whose C(uv) the body makes, which is then that of the pinned version."""
    ensure_directory(tools_dir)
    with tempfile.TemporaryDirectory(dir=tools_dir) as folder:
        yield folder
        target, final = os.path.join(folder, "uv"), os.path.join(tools_dir, "uv-" + VERSION)
        shutil.rmtree(final, ignore_errors=True)
        os.chmod(target, 0o755)
        os.rename(target, final)


def host_environment() -> dict:
    """The host's own settings of package indexes, proxies and certificates, as an installer takes them."""
    prefixes = ("UV_", "PIP_", "SSL_CERT", "http_proxy", "https_proxy", "no_proxy", "HTTP", "NO_PROXY")
    return {name: value for name, value in os.environ.items() if name.startswith(prefixes)}


def uv_environment(cache_dir: str) -> dict:
    """What uv gets besides the host's own settings: a cache of ours, the host's certificates, no interpreter download."""
    own = host_environment()
    defaults = {"UV_SYSTEM_CERTS": "1"} if "SSL_CERT_FILE" not in own else {}
    # Copied, not linked: a file in the cache and one in a virtual environment must not be the same one.
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "UV_CACHE_DIR": cache_dir, "UV_NO_PROGRESS": "1", "UV_LINK_MODE": "copy",
            "UV_PYTHON_DOWNLOADS": "never", **defaults, **own}


def install_python(uv: str, version: str, tools_dir: str, cache_dir: str) -> str:
    """Has uv install a Python below *tools_dir*, for this application alone; UV_PYTHON_INSTALL_MIRROR names a mirror. Returns its path.

    :param version: a minor version or a range of versions.
    :raises CommandFailed: when there is none, or it cannot be downloaded.
    """
    folder = os.path.join(tools_dir, "python")
    env = {**uv_environment(cache_dir), "HOME": "/root", "UV_PYTHON_INSTALL_DIR": folder, "UV_PYTHON_DOWNLOADS": "manual"}
    run([uv, "python", "install", "--no-bin", version], env=env, umask=0o022)
    return run([uv, "python", "find", "--managed-python", version], env=env).strip()
