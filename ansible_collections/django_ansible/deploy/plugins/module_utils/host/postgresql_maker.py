# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""A role that may make databases for an application on another host, for as long as a proof or a restore takes.

The application's own role never gets that right. The other role works in its role's place, with a password that each run makes for itself: nobody has it once
the run is gone. The server itself ends it, too, so that a run that is killed leaves a role with which nobody logs in.
"""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql, systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import run
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.files import ManagedFile
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.postgresql import literal, maker_name, name

OWNER = "(SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %(database)s)"
# A member of the role that logs in as well, so that it can end its sessions when names change. Of no other one.
GIVE = """DO $do$ DECLARE owner name := %(owner)s; other name; BEGIN
IF owner IS NULL THEN RETURN; END IF;
IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %(text)s) THEN CREATE ROLE %(maker)s; END IF;
FOR other IN SELECT owner UNION SELECT rolname FROM pg_roles WHERE rolname = %(user)s LOOP EXECUTE format('GRANT %%I TO %(maker)s', other); END LOOP;
EXECUTE format('ALTER ROLE %(maker)s LOGIN CREATEDB PASSWORD %%L VALID UNTIL %%L', %(kept)s, now() + interval '%(seconds)d seconds');
END $do$"""
# The right goes first, for a role that something belongs to stays. The application's role had it itself in versions before.
TAKE = """DO $do$ DECLARE owner name := %(owner)s; BEGIN
IF owner IS NOT NULL THEN EXECUTE format('ALTER ROLE %%I NOCREATEDB', owner); END IF;
IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = %(text)s) THEN RETURN; END IF;
ALTER ROLE %(maker)s NOLOGIN NOCREATEDB PASSWORD NULL;
PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %(text)s;
BEGIN DROP ROLE %(maker)s; EXCEPTION WHEN dependent_objects_still_exist THEN NULL; END;
END $do$"""


def giving(database: str, user: str, password: str, seconds: int) -> str:
    """SQL that an administrator runs, which makes the role or renews it.

    :param user: with which the application logs in.
    :param seconds: after which the role is none any more that logs in.
    """
    return GIVE % {**_names(database), "user": literal(user), "kept": literal(postgresql.scram(password)), "seconds": seconds}


def taking(database: str) -> str:
    """SQL that an administrator runs, after which nobody makes databases for the application."""
    return TAKE % _names(database)


def _names(database: str) -> dict:
    maker = maker_name(database)
    return {"maker": name(maker), "text": literal(maker), "owner": OWNER % {"database": literal(database)}}


def let_in(app_name: str, database: str, port: int) -> bool:
    """Has the server let the role in from where it lets in the application, where a version before did not; tells whether that was to do."""
    listing = run(["pg_lsclusters", "--no-header"])
    file = ManagedFile(postgresql.access_file(port, listing), "", "0640", "postgres", "postgres")
    known = (file.read() or b"").decode()
    if postgresql.known_roles(known, app_name)[0] != database:
        return False
    wanted = postgresql.renewed(known, app_name)
    if wanted == known:
        return False
    file.content = wanted.encode()
    file.write()
    systemd.systemctl("reload", "postgresql@%s-%s.service" % postgresql.cluster(port, listing))
    return True
