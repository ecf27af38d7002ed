"""A notice reaches whoever is to be told, or is given up in time."""
from __future__ import annotations

import http.server
import json
import threading

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import notice
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed


@pytest.fixture
def chat():
    """A server, what it was sent, and the statuses that it answers with before 200."""
    got, statuses = [], []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(statuses.pop(0) if statuses else 200)
            self.end_headers()

        def log_message(self, *words):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d/hook" % server.server_port, got, statuses
    server.shutdown()
    server.server_close()


def test_it_is_sent_once_and_says_what_happened(chat):
    address, got, _ = chat
    assert notice.send(address, "app1: shop rolled back", app="shop")
    assert got == [{"text": "app1: shop rolled back", "content": "app1: shop rolled back", "app": "shop"}]


def test_it_is_tried_again_and_given_up(chat, monkeypatch, capsys):
    monkeypatch.setattr(notice, "PAUSE", 0)
    address, got, statuses = chat
    statuses += [500, 503]
    assert notice.send(address, "x")
    assert len(got) == 3
    statuses += [500, 500, 500]
    assert not notice.send(address, "x")
    assert address not in capsys.readouterr().out


@pytest.mark.parametrize("address", ["", "https://hooks.example.org/services/T0/B0?x=1", "http://127.0.0.1:99/"])
def test_addresses(address):
    notice.check(address)


@pytest.mark.parametrize("address", ["file:///etc/shadow", "hooks.example.org", "https:///x", "https://a b"])
def test_what_is_none_is_refused_without_showing_it(address):
    with pytest.raises(CommandFailed) as refused:
        notice.check(address)
    assert address not in str(refused.value)


@pytest.mark.parametrize(
    "address",
    [
        "https://prod-01.westeurope.logic.azure.com:443/workflows/0/triggers/manual/paths/invoke?sig=x", "https://contoso.webhook.office.com/webhookb2/0",
        "https://default0.1.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/0",
    ],
)
def test_teams_gets_a_card(address):
    told = notice.message(address, "app1: shop rolled back", {"app": "shop"})
    assert told["type"] == "message"
    (attachment,) = told["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["content"]["body"][0]["text"] == "app1: shop rolled back"


@pytest.mark.parametrize("address", ["https://hooks.slack.com/services/T0/B0/x", "https://logic.azure.com.example.org/", "https://x/?u=https://a.logic.azure.com/"])
def test_others_get_text(address):
    assert notice.message(address, "x", {"app": "shop"}) == {"text": "x", "content": "x", "app": "shop"}
