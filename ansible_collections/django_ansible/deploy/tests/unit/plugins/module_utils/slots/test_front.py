from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.front import conflicting_names

SAID = """nginx: [warn] conflicting server name "www.example.com" on 0.0.0.0:80, ignored
nginx: [warn] conflicting server name "old.example.com" on 0.0.0.0:80, ignored
nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
"""


def test_only_names_of_this_site_conflict():
    assert conflicting_names(SAID, ["example.com", "www.example.com"]) == ["www.example.com"]
    assert conflicting_names(SAID, ["example.com"]) == []
