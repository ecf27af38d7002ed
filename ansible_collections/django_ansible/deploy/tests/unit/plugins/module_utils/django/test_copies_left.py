"""Which copies of the schema a server drops before it makes one, as a server of this machine does. The application's role may write any comment on them."""
from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django import copies
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import postgresql

pytestmark = pytest.mark.skipif(not shutil.which("initdb") or not shutil.which("psql"), reason="there is no PostgreSQL here")
NAMES = postgresql.copy_names("shop")
# The server refuses to be root's.
AS = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []


@pytest.fixture(scope="module")
def server():
    with tempfile.TemporaryDirectory() as folder:
        if AS:
            shutil.chown(folder, "postgres")
        data = os.path.join(folder, "data")
        start = ["pg_ctl", "-s", "-w", "-D", data, "-l", "log", "-o", "-c listen_addresses= -c fsync=off -k %s" % folder, "start"]
        for argv in (["initdb", "--no-sync", "--auth=trust", "--username=shop", "-D", data], start):
            subprocess.run([*AS, *argv], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        yield {**os.environ, "PGHOST": folder, "PGUSER": "shop", "PGDATABASE": "postgres"}
        subprocess.run([*AS, "pg_ctl", "-s", "-w", "-m", "immediate", "-D", data, "stop"], check=True, cwd=folder)


def psql(server, *commands):
    argv = ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", *(word for command in commands for word in ("-c", command))]
    return subprocess.run(argv, env=server, check=True, capture_output=True, text=True).stdout.strip()


def make(server, name):
    script = copies.creation(copies.clear_named(NAMES), copies.SAY_WHEN)
    return subprocess.run(["sh", "-c", "set -e\n" + script], env={**server, "COPY": name}, check=False, capture_output=True, text=True)


@pytest.fixture
def there(server):
    """The copies that there are, which go at the end."""
    yield lambda: psql(server, "SELECT datname FROM pg_database WHERE datname LIKE 'django_proof%' ORDER BY 1").split()
    psql(server, *("DROP DATABASE IF EXISTS %s" % name for name in NAMES))


SAID = {"long ago": "made %010d" % (time.time() - copies.LEFT - 60), "of the future": "made 9999999999", "without sense": "mine", "nothing": None}


@pytest.mark.parametrize("said", SAID.values(), ids=SAID)
def test_one_that_was_left_goes(server, there, said):
    comment = "COMMENT ON DATABASE %s IS %s" % (NAMES[0], "NULL" if said is None else postgresql.literal(said))
    psql(server, "CREATE DATABASE %s" % NAMES[0], comment)
    assert make(server, NAMES[1]).returncode == 0
    assert there() == [NAMES[1]]


def test_one_of_another_run_stays(server, there):
    assert make(server, NAMES[0]).returncode == 0
    assert 'database "%s" already exists' % NAMES[0] in make(server, NAMES[0]).stderr
    assert make(server, NAMES[1]).returncode == 0
    assert there() == NAMES[:2]


def test_one_that_is_being_made_stays(server, there):
    """Another run has made its own, and has not said so yet."""
    script = "SELECT pg_advisory_lock(%d); CREATE DATABASE %s; SELECT pg_sleep(1); COMMENT ON DATABASE %s IS 'made %010d'; SELECT pg_sleep(0.1);"
    other = ["psql", "-Xq", *(word for one in (script % (copies.LOCK, NAMES[0], NAMES[0], time.time())).split("; ") for word in ("-c", one))]
    with subprocess.Popen(other, env=server, stdout=subprocess.DEVNULL) as making:
        while not there():
            time.sleep(0.02)
        assert make(server, NAMES[1]).returncode == 0
        assert making.wait(10) == 0
    assert there() == NAMES[:2]


def test_who_holds_the_lock_stops_no_proof(server, there, monkeypatch):
    monkeypatch.setattr(copies, "CLEAR_NAMED", copies.CLEAR_NAMED.replace("'10s'", "'50ms'"))
    psql(server, "CREATE DATABASE %s" % NAMES[0])
    with subprocess.Popen(["psql", "-Xq", "-c", "SELECT pg_advisory_lock(%d)" % copies.LOCK, "-c", "SELECT pg_sleep(60)"], env=server, stdout=subprocess.DEVNULL) as holding:
        while "1" not in psql(server, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"):
            time.sleep(0.02)
        assert make(server, NAMES[1]).returncode == 0
        holding.kill()
    assert there() == [NAMES[1]]
