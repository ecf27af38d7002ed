# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""The roles with which an application logs in to its database.

PostgreSQL keeps one password of a role. So a password is replaced by another role that works in the place of the one that owns the database: what runs
already goes on with its own, until that no longer holds.
"""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import literal, name


def creation(user: str, password: str, owner: str) -> str:
    """SQL that makes a role. What another one than *owner* makes belongs to *owner*."""
    kept = literal(postgresql.scram(password))
    if user == owner:
        return "CREATE ROLE %s LOGIN PASSWORD %s" % (name(user), kept)
    return "BEGIN; CREATE ROLE {0} LOGIN PASSWORD {1} IN ROLE {2}; ALTER ROLE {0} SET role = {3}; COMMIT".format(name(user), kept, name(owner), literal(owner))


def opening(user: str, password: str) -> str:
    """SQL that lets a role in with this password alone, for good."""
    return "ALTER ROLE %s LOGIN PASSWORD %s VALID UNTIL 'infinity'" % (name(user), literal(postgresql.scram(password)))


def that_hold(roles: list[str], port: int) -> list[str]:
    """Those of *roles* whose password holds for good."""
    if not roles:
        return []
    names = ", ".join(map(literal, roles))
    script = "SELECT rolname FROM pg_roles WHERE rolcanlogin AND coalesce(rolvaliduntil, 'infinity') = 'infinity' AND rolname IN (%s) ORDER BY rolname" % names
    return postgresql.psql(script, port).splitlines()


def end(roles: list[str], after: int, port: int) -> None:
    """Their passwords hold for *after* more seconds. Connections that are open stay."""
    moment = postgresql.psql("SELECT now() + interval '%d seconds'" % after, port)
    for role in roles:
        postgresql.psql("ALTER ROLE %s VALID UNTIL %s" % (name(role), literal(moment)), port)
