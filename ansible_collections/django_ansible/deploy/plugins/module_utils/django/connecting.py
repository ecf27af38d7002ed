# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""How a database is reached, for the programs that dump and load it.

These run outside the application's sandbox. So a file of options that the settings name for MySQL is read here, in the sandbox, and only what says where
the server is and who asks goes on: the file could have those programs load a library or run SQL.
"""
from __future__ import annotations

# mysqlclient's parameters, by the options of a file that say the same.
FROM_FILE = {
    "host": "host", "port": "port", "user": "user", "password": "password", "socket": "unix_socket",
    "ssl-ca": "ssl_ca", "ssl-cert": "ssl_cert", "ssl-key": "ssl_key", "ssl-mode": "ssl_mode",
}


def parameters_of(connection, name: str) -> dict:
    """Parameters of psycopg or mysqlclient as words, with the database's *name* as C(dbname)."""
    given = {**connection.get_connection_params(), "dbname": name}
    # Of older versions of Django, or of the drivers.
    given.setdefault("password", given.pop("passwd", None))
    if connection.vendor == "mysql":
        encryption = given.pop("ssl", None)
        if isinstance(encryption, dict):
            given.update({"ssl_" + key: value for key, value in encryption.items()})
        file, group = given.pop("read_default_file", ""), given.pop("read_default_group", "")
        if file:
            given = {**options_in(str(file), str(group)), **{key: value for key, value in given.items() if value is not None}}
    return {key: str(value) for key, value in given.items() if isinstance(value, (str, int)) and key not in ("database", "db")}


def options_in(path: str, group: str) -> dict:
    """What a file of options says of how to connect, in its section C(client) and that of *group*, which counts more. Files that it includes are not read."""
    import configparser

    parser = configparser.RawConfigParser(allow_no_value=True, strict=False, comment_prefixes=("#", ";"))
    with open(path, encoding="utf-8") as file:
        parser.read_string("".join(line for line in file if not line.lstrip().startswith("!")), path)
    found = {}
    for section in ("client", group):
        for option, value in parser.items(section) if parser.has_section(section) else []:
            parameter = FROM_FILE.get(option.replace("_", "-"))
            if parameter and value is not None:
                found[parameter] = value.strip("\"'")
    return found
