# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Says to a chat or any other address on the network what a host did while nobody was looking."""
from __future__ import annotations

import json
import re
import socket
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import outside
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

# Where workflows and connectors of Microsoft Teams listen, which show cards and no plain text.
TEAMS = re.compile(r"https://[^/@]+\.(logic\.azure\.com|api\.powerplatform\.com|webhook\.office\.com)(:\d+)?/")
TRIES = 3
PAUSE = 5.0  # seconds between two
PATIENCE = 10  # seconds for a whole answer


def check(address: str) -> None:
    """:raises CommandFailed: for what is no address on the web. It may be a secret, so it is not shown."""
    if address and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", address):
        raise CommandFailed("django_app_notify is no address: use one that begins with https://")


def message(address: str, sentence: str, facts: dict) -> dict:
    """What that address shows: *facts*, and the sentence under the names that chats read it from, or as a card."""
    if not TEAMS.match(address):
        return {"text": sentence, "content": sentence, **facts}
    card = {"type": "AdaptiveCard", "version": "1.2", "body": [{"type": "TextBlock", "text": sentence, "wrap": True}]}
    return {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "content": card}]}


def _of(run: str, actor: str, why: str) -> str:
    return why % ("run %s%s" % (run, " of " + actor if actor else ""))


def of_rollback(address: str, app_name: str, run: str, actor: str, went: dict, why: str, tries: int = TRIES) -> None:
    """Posts that this host rolled back by itself; without an address, to nobody.

    :param went: what ``go_back`` of a way back answered.
    :param why: with C(%s) for the run and whose it was.
    """
    if address:
        sentence = "%s: %s rolled back to %s by itself, since %s." % (socket.gethostname(), app_name, went.get("release") or "what it ran before", _of(run, actor, why))
        send(address, sentence, tries, app=app_name, host=socket.gethostname(), run=run, release=went.get("release"))


def of_failure(address: str, app_name: str, run: str, actor: str, why: str, unit: str) -> None:
    """Posts that this host could not roll back; *unit* has tried. Else as :func:`of_rollback`."""
    if address:
        sentence = "%s: %s failed to roll back by itself, since %s, and it is not tried again before a boot. Deploy or roll back this host; journalctl -u %s shows why." % (
            socket.gethostname(), app_name, _of(run, actor, why), unit,
        )
        send(address, sentence, app=app_name, host=socket.gethostname(), run=run, release=None)


def send(address: str, sentence: str, tries: int = TRIES, **facts: object) -> bool:
    """Posts JSON, see :func:`message`. Tells whether somebody took it."""
    body = json.dumps(message(address, sentence, facts)).encode()
    for attempt in range(tries):
        if attempt:
            time.sleep(PAUSE)
        trouble = outside.ask(address, PATIENCE, body)
        if trouble is None:
            return True
        # To the journal, without the address.
        print("the notice was not taken: %s" % trouble, flush=True)
    return False
