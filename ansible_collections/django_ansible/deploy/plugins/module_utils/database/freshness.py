# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How fresh the dumps of a database are, in both modes: when the newest was made, and when one was last tried."""
from __future__ import annotations

import math
import time

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.catalogue import DAY, Catalogue, taken_at


def facts(backups: str) -> dict:
    """C(last_dump) with its C(dump_bytes), and C(last_rehearsal) with the seconds that it took, C(restores_in). Times are UTC; None where there is none."""
    records = Catalogue(backups).records()
    tried = max((record for record in records if "rehearsed" in record), key=lambda record: record["rehearsed"], default={})
    seconds = tried.get("restores_in")
    return {
        "last_dump": moment(taken_at(records[-1])) if records else None,
        "dump_bytes": records[-1].get("size", 0) if records else 0,
        "last_rehearsal": tried.get("rehearsed"),
        "restores_in": None if seconds is None else math.ceil(seconds),
    }


def unproven(backups: str, days: int, now: float) -> str | None:
    """What is wrong when no dump was tried within so many days; 0 asks for none."""
    proven = Catalogue(backups).proven()
    if not days or proven > now - days * DAY:
        return None
    when = "none was ever tried" if not proven else "the last one that was tried was so on %s" % moment(proven)
    return "no dump was found to be restorable within %d days: %s. Run operation: rehearse, which says why" % (days, when)


def moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))
