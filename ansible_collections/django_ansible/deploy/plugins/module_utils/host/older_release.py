# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Which release is gone back to: what the filter rollback_target says of a fleet, and what a host alone takes it to be."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def chosen(found: Iterable[dict], asked: str = "") -> str:
    """The release to roll back to: the newest that every host has, that was live before, that is not marked bad and that is older than the live one.

    :param found: what app_host answers, by host.
    :param asked: name of a release, or a commit or its first digits; empty for the one before.
    :raises ValueError: when there is none, or a host has its Python no more.
    """
    found = list(found)
    # A release is the same one on two hosts when both have it as the same commit, each by its own record.
    lists = [{(entry["release"], entry["revision"]) for entry in host["releases"] if entry["activated"] and not entry["bad"]} for host in found]
    common = sorted(set.intersection(*lists)) if lists else []
    live = Counter(host["live"]["release"] for host in found if host["live"]["release"])
    there = ", ".join("%s%s" % (name, " (live)" if name in live else "") for name, _ in common) or "none"
    if not live:
        raise ValueError("there is nothing to roll back: no release is live on these hosts yet")
    gone = {entry["release"] for host in found for entry in host["releases"] if not entry.get("starts", True)}
    if asked:
        fits = [name for name, revision in common if name == asked or (revision or "").startswith(asked.lower())]
        if not fits:
            raise ValueError("%s is no release that every host still has; there are: %s" % (asked, there))
        return _startable(fits[-1], gone)
    # What most hosts serve; where that is undecided, the older one, which a deploy that broke off left behind.
    most = max(live.values())
    from_here = min(name for name, count in live.items() if count == most)
    older = [name for name, _ in common if name < from_here]
    if not older:
        newer = "; to go to a newer one, give its name as revision" if any(name > from_here for name, _ in common) else ""
        raise ValueError("there is no older release to roll back to; there are: %s%s" % (there, newer))
    return _startable(older[-1], gone)


def _startable(release: str, gone: set[str]) -> str:
    if release in gone:
        raise ValueError(
            "%s cannot start any more, since the Python that it was made with is not on every host: deploy its commit, which makes it anew" % release
        )
    return release


def same_migrations(releases: Iterable[dict], release: str) -> bool:
    """Whether nothing is to be done in the database: all releases from *release* to the newest have the same migrations."""
    known = {entry["migrations"] for entry in releases if entry["release"] >= release}
    return len(known) == 1 and None not in known


def expected(found: dict, asked: str, migrates: bool = True) -> str | None:
    """The release that a host will probably be told to go back to, as what the others have is not known here; None where nothing can be said of it.

    :param found: what app_host or compose_reach answers of this host.
    :param migrates: whether migrations that the release does not know keep it from going back by itself.
    """
    try:
        release = chosen([found], asked)
    except ValueError:
        return None
    return release if release != found["live"]["release"] and (not migrates or same_migrations(found["releases"], release)) else None
