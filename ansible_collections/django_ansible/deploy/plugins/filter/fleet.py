# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
from __future__ import annotations

DOCUMENTATION = """
name: release_name
short_description: The name of the release that a fleet is to serve
description:
  - The name under which hosts have the commit already, else a new one. Each host speaks for itself alone. One that has a name knows itself whether it stands for
    the commit, and one that has not takes it over only when it is newer than all it has, so no host can have another serve or overwrite an older release.
  - C(agreed_commit) gives the commit that a repository has, of which all hosts have to say the same, C(agreed_images) the digest of each image.
options:
  _input:
    description: What M(django_ansible.deploy.app_host) returned, by host.
    type: list
    elements: dict
    required: true
  revision:
    description: The commit.
    type: str
    required: true
  build:
    description: Checksum of what releases are made from besides. Its first digits keep two builds of a commit apart that would get one name.
    type: str
    required: true
  moment:
    description: Now, C(20260102T030405Z).
    type: str
    required: true
"""

EXAMPLES = """
- name: Name the release
  ansible.builtin.set_fact:
    release: "{{ play_hosts | map('extract', hostvars, 'found') | django_ansible.deploy.release_name(commit, build, '20260102T030405Z') }}"
"""

RETURN = """
_value:
  description: Name of the release.
  type: str
"""

from collections import Counter

from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.releases import COMMIT, is_name

NO_COMMIT = "0" * 40


def release_name(found, revision, build, moment):
    revision = revision or NO_COMMIT
    own = [{entry["release"]: entry for entry in host["releases"]} for host in found]
    claims = Counter(name for releases in own for name, entry in releases.items() if _stands_for(entry, revision))
    fits = [name for name in claims if is_name(name) and name[17:24] == revision[:7] and all(_takes(host, name, revision, moment) for host in own)]
    if fits:
        # The name that most hosts have leaves least to do.
        return max(fits, key=lambda name: (claims[name], name))
    new = "%s-%s" % (moment, revision[:7])
    return new if not any(new in releases for releases in own) else "%s-%s" % (new, build[:4])


def _stands_for(entry, revision):
    return entry["revision"] == revision and entry["as_built"] and not entry["bad"]


def _takes(releases, name, revision, moment):
    """Whether a host may serve the commit under a name, by what it has itself."""
    if name in releases:
        return _stands_for(releases[name], revision)
    return name[:16] <= moment and all(name > other for other in releases)


def agreed_commit(hosts, hostvars, ref):
    said = {host: (hostvars[host].get("__django_app_remote") or {}).get("commit") for host in hosts}
    commits = {host: str(answer) for host, answer in said.items() if answer is not None}
    for host, commit in commits.items():
        if not COMMIT.fullmatch(commit):
            raise AnsibleFilterError("%s says that %s of the repository is %s, which is no commit: look at the repository and at that host" % (host, ref, ascii(commit)[:60]))
    if len(set(commits.values())) > 1:
        seen = ", ".join("%s %s" % (host, commit[:7]) for host, commit in commits.items())
        raise AnsibleFilterError(
            "the hosts see different commits as %s: %s. Run the deploy again; when they still differ, look at who answers for the repository there" % (ref, seen)
        )
    return next(iter(commits.values()), "")


def agreed_images(hosts, hostvars):
    told = {}
    for host in hosts:
        for reference, digest in (hostvars[host].get("__compose_app_reached") or {}).get("digests", {}).items():
            if digest:
                told.setdefault(reference, {})[host] = digest
    for reference, digests in told.items():
        if len(set(digests.values())) > 1:
            raise AnsibleFilterError(
                "the hosts know different images as %s: %s. Run the deploy again, or name the image by its digest; when they still differ, look at who answers for the "
                "registry there, or at what the hosts keep with pull_policy: missing" % (reference, ", ".join("%s %s" % (host, digest[:19]) for host, digest in digests.items()))
            )
    return {reference: next(iter(digests.values())) for reference, digests in told.items()}


class FilterModule:
    def filters(self):
        return {"release_name": release_name, "agreed_commit": agreed_commit, "agreed_images": agreed_images}
