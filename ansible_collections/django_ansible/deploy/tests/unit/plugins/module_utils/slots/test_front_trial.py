"""What nginx says of a site before a deploy, and what of it ends that deploy."""
from __future__ import annotations

import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import front


@pytest.fixture
def nginx(monkeypatch):
    """Has nginx refuse what it is asked about."""

    def refuse(printed):
        def said_of(*_):
            raise CommandFailed(printed, printed)

        monkeypatch.setattr(front.nginx_trial, "said_of", said_of)

    wanted = types.SimpleNamespace(touches_nginx=True, files=[], removals=[], params={"nginx_link": None, "server_names": ["shop.example"]})
    monkeypatch.setattr(front, "Wanted", lambda params: wanted)
    monkeypatch.setattr(front.systemd, "is_active", lambda unit: True)
    return refuse


@pytest.mark.parametrize(
    "printed",
    [
        'nginx: [emerg] open() "/etc/nginx/snippets/own.conf" failed (2: No such file or directory) in /etc/nginx/sites-enabled/shop:12',
        # OpenSSL 3.0, and 3.5
        'nginx: [emerg] cannot load certificate "/etc/shop/certificate/certificate.pem": BIO_new_file() failed (SSL: error:80000002:system library::No such file or directory:calling fopen(',
        'nginx: [emerg] cannot load certificate "/etc/shop/certificate/certificate.pem": BIO_new_file() failed (SSL: error:10000080:BIO routines::no such file) (2: No such file or directory)',
    ],
)
def test_what_is_not_there_yet_may_come_with_the_deploy(nginx, printed):
    nginx(printed)
    front.try_out({"service": {"web": True}})


def test_anything_else_ends_it(nginx):
    nginx('nginx: [emerg] unknown directive "locaton" in /etc/nginx/sites-enabled/shop:12')
    with pytest.raises(CommandFailed, match="nginx refuses its new configuration: .*locaton"):
        front.try_out({"service": {"web": True}})
