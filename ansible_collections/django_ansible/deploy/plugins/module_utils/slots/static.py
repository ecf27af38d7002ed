# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The static files of all kept releases together, so that a page of an older release finds its assets."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.layout import Layout


def files_below(folder: str) -> set[str]:
    """Paths of the files below *folder*, relative to it."""
    return {os.path.relpath(os.path.join(path, name), folder) for path, _, names in os.walk(folder) for name in names}


def static_dir(release: dict) -> str | None:
    """Where a release collected its static files, if it did."""
    folder = release.get("static_root")
    return folder if folder and os.path.isdir(folder) else None


def merge(release: dict, layout: Layout) -> int:
    """Links a release's static files into the served folder, each by rename, and tells how many that changed."""
    source = static_dir(release)
    if not source or os.path.realpath(source) == os.path.realpath(layout.static):
        return 0
    changed = 0
    for name in sorted(files_below(source)):
        wanted, served = os.path.join(source, name), os.path.join(layout.static, name)
        if os.path.exists(served) and os.path.samefile(wanted, served):
            continue
        os.makedirs(os.path.dirname(served), mode=0o755, exist_ok=True)
        partial = "%s.%d.new" % (served, os.getpid())
        try:
            os.link(os.path.realpath(wanted), partial)
        except OSError:  # another file system
            copy(wanted, partial)
        os.rename(partial, served)
        changed += 1
    return changed


def copy(source: str, target: str) -> None:
    with open(source, "rb") as reader, open(target, "wb") as writer:
        writer.write(reader.read())
    os.chmod(target, 0o644)


def prune(kept: list[dict], layout: Layout) -> int:
    """Removes from the served folder what no kept release collected, and tells how many files that were."""
    sources = [folder for folder in map(static_dir, kept) if folder]
    if not sources:
        return 0
    wanted = set().union(*map(files_below, sources))
    unwanted = files_below(layout.static) - wanted
    for name in unwanted:
        os.unlink(os.path.join(layout.static, name))
    return len(unwanted)
