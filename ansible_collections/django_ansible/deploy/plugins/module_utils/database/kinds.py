# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Which databases can be dumped and brought back, and by what."""
from __future__ import annotations

from ansible_collections.django_ansible.deploy.plugins.module_utils.database.clients import was_ended
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.mysql import MysqlDatabase
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.mysql_replacement import MysqlReplacement
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.postgresql import Database
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.replacement import Replacement
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.schema_replacement import SchemaReplacement
from ansible_collections.django_ansible.deploy.plugins.module_utils.database.sqlite import SqliteDatabase, SqliteReplacement
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed

# By Django's name of the vendor: how it is dumped, and how a dump takes its place.
KINDS = {"postgresql": (Database, Replacement), "mysql": (MysqlDatabase, MysqlReplacement), "sqlite": (SqliteDatabase, SqliteReplacement)}


def trouble(facts: dict) -> str:
    """Why a database cannot be dumped; empty when it can.

    :param facts: what driver's step C(database) tells.
    """
    if facts["vendor"] not in KINDS:
        return "dumps are made of PostgreSQL, MySQL, MariaDB and SQLite, and this is %s" % facts["vendor"]
    return "" if facts["parameters"].get("dbname") else "the database has no name, or is in memory"


def database_of(facts: dict, client):
    """:raises CommandFailed: when it is none that can be dumped."""
    if trouble(facts):
        raise CommandFailed(trouble(facts))
    return KINDS[facts["vendor"]][0](facts["parameters"], client)


def replacement_of(database):
    """How a dump takes the place of a database: by another database, or, where nobody may make one on a PostgreSQL server, by another schema in it.

    :raises CommandFailed: when there is no way, with the line that an administrator runs.
    """
    try:
        return KINDS[database.vendor][1](database)
    except CommandFailed as error:
        if database.vendor != Database.vendor or was_ended(error):
            raise
        try:
            return SchemaReplacement(database)
        except CommandFailed as neither:
            raise CommandFailed("%s. %s" % (neither, error)) from neither
