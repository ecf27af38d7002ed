# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Passwords as nginx checks them: a user and a hash a line. The hash of a password that did not change stays as it is."""
from __future__ import annotations

import hmac
import secrets
import string

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import run

SALT = 16  # characters


def hashed(password: str, salt: str) -> str:
    """SHA-512 as crypt(3) and nginx have it. Python has no such function of its own any more."""
    return run(["openssl", "passwd", "-6", "-stdin", "-salt", salt], input=password + "\n").strip()


def text(users: dict[str, str], before: str) -> str:
    """The content of a file of passwords.

    :param users: passwords by user.
    :param before: what the file has now.
    """
    known = dict(line.split(":", 1) for line in before.splitlines() if ":" in line)
    lines = []
    for user, password in sorted(users.items()):
        kept = known.get(user, "")
        salt = kept[3 : 3 + SALT]
        if not kept.startswith("$6$") or not salt.isalnum() or not hmac.compare_digest(hashed(password, salt).encode(), kept.encode()):
            kept = hashed(password, "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(SALT)))
        lines.append("%s:%s\n" % (user, kept))
    return "".join(lines)
