"""Users and settings of a Redis that applications share."""
from __future__ import annotations

import re
import socket
import threading

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import redis
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.memory import steady

GIB = 1 << 30
PARAMS = {"app_name": "shop", "alone": False, "clients": [], "settings": {}, "port": 6379}


def test_an_application_gets_into_its_own_database_alone():
    words = redis.rights((7, 0), "secret", 17)
    assert words[:6] == ["on", "~*", "sanitize-payload", "&*", "+@all", "-@admin"]
    assert words.index("-select") < words.index("+select|17")
    assert {"-move", "-swapdb", "-flushall", "-copy", "-function"} <= set(words)
    assert not {"-copy", "-function", "&*", "sanitize-payload"} & set(redis.rights((6, 0), "secret", 17))
    assert "secret" not in " ".join(words)


def test_two_passwords_hold_while_one_takes_the_place_of_the_other():
    one, both = redis.rights((7, 0), "new", 17), redis.rights((7, 0), "new", 17, "old")
    assert both == [*one, "#" + redis.hashed("old")]


@pytest.mark.parametrize(
    ("said", "version"),
    [("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", (7, 0)), ("Valkey server v=8.1.1 sha=0", (8, 1)), ("Redis server v=6.0.16 sha=0", (6, 0))],
)
def test_the_version(said, version):
    assert redis.version_of(said) == version


def test_one_without_users_is_refused():
    with pytest.raises(CommandFailed, match="older than version 6"):
        redis.version_of("Redis server v=5.0.14 sha=0")


def test_a_database_has_one_application():
    others = {"blog": redis.user_file("blog", redis.rights((7, 0), "x", 17)), "shop": redis.user_file("shop", redis.rights((7, 0), "x", 18))}
    redis.refuse_taken("shop", 18, others)
    with pytest.raises(CommandFailed, match="database 17 is that of the application blog: set redis_server_database"):
        redis.refuse_taken("shop", 17, others)


def test_settings_belong_to_the_first_application():
    settings = redis.settings_of("", "shop", {**PARAMS, "settings": {"maxmemory-policy": "allkeys-lru", "save": "60 1"}}, 8 * GIB)
    assert settings == {"bind": "127.0.0.1 -::1", "port": "6379", "databases": "1024", "maxmemory": "1024mb", "maxmemory-policy": "allkeys-lru", "save": "60 1"}
    text = redis.server_file("shop", settings, ["user default off"], ["/etc/x.conf"])
    assert redis.parse(text) == settings
    blog = {**PARAMS, "app_name": "blog", "alone": True}
    assert redis.settings_of(text, "shop", blog, 64 * GIB) == settings
    assert redis.settings_of(text, "shop", {**blog, "clients": ["10.0.0.1"]}, 64 * GIB) == {**settings, "bind": "* -::*"}
    with pytest.raises(CommandFailed, match="which was here first, and they differ in maxmemory-policy: set redis_server_settings there"):
        redis.settings_of(text, "shop", {**blog, "settings": {"maxmemory-policy": "noeviction"}}, GIB)


def test_a_little_memory_more_or_less_changes_nothing():
    before = "maxmemory 1024mb\n"
    assert redis.settings_of(before, "shop", PARAMS, 8 * GIB - 3_000_000)["maxmemory"] == "1024mb"
    assert redis.settings_of(before, "shop", PARAMS, 2 * GIB)["maxmemory"] == "256mb"


@pytest.mark.parametrize(("wanted", "known", "expected"), [(121, None, 112), (125, 121, 121), (121, 200, 112), (1024, None, 1024), (1023, None, 896), (3, None, 3), (0, None, 0)])
def test_memory_goes_in_coarse_steps(wanted, known, expected):
    assert steady(wanted, known) == expected


def test_only_some_settings_need_a_restart():
    before = {"maxmemory": "1mb", "bind": "a", "save": "60 1"}
    assert redis.restarts(before, {**before, "maxmemory": "2mb"}) == []
    assert redis.restarts(before, {**before, "bind": "b"}) == ["bind (a -> b)"]
    assert redis.restarts(before, {"maxmemory": "1mb", "bind": "a"}) == ["save (60 1 -> the default)"]
    assert redis.restarts({}, {"databases": "1024"}) == ["databases (the default -> 1024)"]


def test_the_user_of_a_version_before_is_known():
    text = "# Ansible managed\nbind * -::*\nuser default on sanitize-payload ~* &* +@all #00\n"
    assert redis.former_user(text) == "user default on sanitize-payload ~* &* +@all #00"
    assert redis.former_user("user default off\n") is None
    assert redis.parse(text) == {"bind": "* -::*"}


def test_the_client_speaks_with_a_server():
    server = socket.create_server(("127.0.0.1", 0))
    heard = []

    def serve():
        connection, _ = server.accept()
        with connection, connection.makefile("rb") as file:
            for answer in (b"+OK\r\n", b"*2\r\n$9\r\nmaxmemory\r\n$-1\r\n", b"-NOPERM no\r\n"):
                count = int(re.match(rb"\*(\d+)", file.readline()).group(1))
                heard.append([file.read(int(file.readline()[1:]) + 2)[:-2] for _ in range(count)])
                connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    with redis.Client(server.getsockname()[1], "pass word") as client:
        assert client.ask("CONFIG", "GET", "maxmemory") == ["maxmemory", None]
        with pytest.raises(CommandFailed, match="NOPERM no"):
            client.ask("x\r\ny")
    thread.join()
    server.close()
    assert heard == [[b"AUTH", b"django-ansible-deploy", b"pass word"], [b"CONFIG", b"GET", b"maxmemory"], [b"x\r\ny"]]
