# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: rollback_target
short_description: Chooses the release that a fleet rolls back to
description:
  - The newest release that every host has, that was live before, that is not marked bad and that is older than the live one; or the one
    to roll back to. Each host's own record has to know it as the same commit. One whose Python a host has no more is refused.
  - C(revision_of) gives the commit of such a release.
options:
  _input:
    description: What M(django_ansible.deploy.app_host) returned, by host.
    type: list
    elements: dict
    required: true
  asked:
    description: Name of a release, or a commit or its first digits. Empty for the one before.
    type: str
    default: ''
"""

EXAMPLES = """
- name: Choose
  ansible.builtin.set_fact:
    target: "{{ play_hosts | map('extract', hostvars, 'found') | django_ansible.deploy.rollback_target('') }}"
"""

RETURN = """
_value:
  description: Name of the release.
  type: str
"""

from collections import Counter

from ansible.errors import AnsibleFilterError


def rollback_target(found, asked=""):
    found = list(found)
    # A release is the same one on two hosts when both have it as the same commit, each by its own record.
    lists = [{(entry["release"], entry["revision"]) for entry in host["releases"] if entry["activated"] and not entry["bad"]} for host in found]
    common = sorted(set.intersection(*lists)) if lists else []
    live = Counter(host["live"]["release"] for host in found if host["live"]["release"])
    there = ", ".join("%s%s" % (name, " (live)" if name in live else "") for name, _ in common) or "none"
    if not live:
        raise AnsibleFilterError("there is nothing to roll back: no release is live on these hosts yet")
    gone = {entry["release"] for host in found for entry in host["releases"] if not entry.get("starts", True)}
    if asked:
        fits = [name for name, revision in common if name == asked or (revision or "").startswith(asked)]
        if not fits:
            raise AnsibleFilterError("%s is no release that every host still has; there are: %s" % (asked, there))
        return _startable(fits[-1], gone)
    # What most hosts serve; where that is undecided, the older one, which a deploy that broke off left behind.
    most = max(live.values())
    from_here = min(name for name, count in live.items() if count == most)
    older = [name for name, _ in common if name < from_here]
    if not older:
        raise AnsibleFilterError("there is no older release to roll back to; there are: %s" % there)
    return _startable(older[-1], gone)


def _startable(release, gone):
    if release in gone:
        raise AnsibleFilterError(
            "%s cannot start any more, since the Python that it was made with is not on every host: deploy its commit, which makes it anew" % release
        )
    return release


def revision_of(found, release):
    """The commit of a release that every host has."""
    return next((entry["revision"] for host in found for entry in host["releases"] if entry["release"] == release), "")


class FilterModule:
    def filters(self):
        return {"rollback_target": rollback_target, "revision_of": revision_of}
