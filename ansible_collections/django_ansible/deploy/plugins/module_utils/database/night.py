# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""What a host does by itself once a night, in both modes: it makes a dump, looks at all that are kept, tries the new one, and copies them to other places."""
from __future__ import annotations

import os

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import BY_SCHEDULE
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.targets import copy_to_all, targets_of_wishes
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

ACTOR = "the schedule"


def night(recovery, application, wish: dict, *, owner: str, live: str | None, kept: set[str], record, mask=lambda text: text):
    """Does all of it, a sentence each.

    :param application: the live release's, as it can be driven.
    :param wish: C(number) and C(days) of dumps that stay, C(rehearse), and C(targets).
    :param owner: whose the copies are, see targets.
    :param kept: releases whose dumps stay.
    :param record: notes the dump in the journal.
    :param mask: hides the application's secrets in a text.
    :raises CommandFailed: with what went wrong first; what can be done all the same is done before.
    """
    troubles = []
    try:
        found = recovery.act("backup", application, asked="", live=live, check_mode=False, why=BY_SCHEDULE)
        record(release=live, result="backup", dump=found["dump"], run="", actor=ACTOR)
        yield from found["told"]
        if wish["rehearse"]:
            yield from recovery.act("rehearse", application, asked=found["dump"], live=live, check_mode=False)["told"]
    except CommandFailed as error:
        troubles.append(mask(str(error)))
    troubles += recovery.catalogue.damaged()
    gone = recovery.catalogue.prune(kept, number=wish["number"], days=wish["days"])
    if gone:
        yield "removed %s" % ", ".join(sorted({os.path.basename(path).partition(".")[0] for path in gone}))
    told, failed = copy_to_all(targets_of_wishes(wish["targets"], owner), recovery.catalogue, number=wish["number"], days=wish["days"])
    yield from told
    troubles += failed
    if troubles:
        raise CommandFailed("; ".join(troubles))
