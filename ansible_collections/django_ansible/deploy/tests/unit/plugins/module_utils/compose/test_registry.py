"""Image references and registry credentials."""
from __future__ import annotations

import base64
import json
import os
import stat

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import registry
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.engine import ComposeError, EngineError

INDEX = "https://index.example/v1/"


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("web", ("", "web", "", "")),
        ("web:1.2", ("", "web", "1.2", "")),
        ("team/web:1.2", ("", "team/web", "1.2", "")),
        ("localhost/web", ("localhost", "localhost/web", "", "")),
        ("127.0.0.1:5000/web", ("127.0.0.1:5000", "127.0.0.1:5000/web", "", "")),
        ("reg.example/a/b/web:v1", ("reg.example", "reg.example/a/b/web", "v1", "")),
        ("reg.example:443/web:v1@sha256:ab", ("reg.example:443", "reg.example:443/web", "v1", "sha256:ab")),
    ],
)
def test_split_reference(reference, parts):
    assert registry.split_reference(reference) == parts


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ("", INDEX),
        ("index.example", INDEX),
        ("https://index.example/v1/", INDEX),
        ("example", INDEX),
        ("reg.example", "reg.example"),
        ("https://Reg.Example:5000/v2/", "reg.example:5000"),
    ],
)
def test_registry_key(given, key):
    assert registry.registry_key(given, INDEX) == key


def basic(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({}, None),
        ({"auths": {"reg.example": {}}}, None),
        ({"auths": {"reg.example": {"auth": basic("me:a:b")}}}, {"username": "me", "password": "a:b", "serveraddress": "reg.example"}),
        ({"auths": {"https://reg.example/v1/": {"auth": basic("me:p")}}}, {"username": "me", "password": "p", "serveraddress": "reg.example"}),
        ({"auths": {"other.example": {"auth": basic("me:p")}}}, None),
        ({"auths": {"reg.example": {"auth": "%%%"}}}, None),
        ({"auths": {"reg.example": {"identitytoken": "t"}}}, {"identitytoken": "t", "serveraddress": "reg.example"}),
        ({"credsStore": "good"}, {"username": "u", "password": "s", "serveraddress": "reg.example"}),
        ({"credHelpers": {"reg.example": "token"}}, {"identitytoken": "s", "serveraddress": "reg.example"}),
        ({"credsStore": "empty"}, None),
        ({"credsStore": "empty", "credHelpers": {"reg.example": ""}, "auths": {"reg.example": {"auth": basic("me:p")}}}, {"username": "me", "password": "p", "serveraddress": "reg.example"}),
    ],
)
def test_stored_auth(config, expected):
    answers = {"good": {"Username": "u", "Secret": "s"}, "token": {"Username": "<token>", "Secret": "s"}, "empty": None}
    assert registry.stored_auth(config, "reg.example", lambda helper, key: answers[helper]) == expected


def test_a_credential_is_added_where_no_helper_gets_it():
    config = {"credsStore": "desktop", "currentContext": "far", "auths": {"other": {"auth": "x"}}}
    merged = registry.with_login(config, "reg.example", {"auth": "y"})
    assert merged == {"credsStore": "desktop", "auths": {"other": {"auth": "x"}, "reg.example": {"auth": "y"}}, "credHelpers": {"reg.example": ""}}
    assert config["auths"] == {"other": {"auth": "x"}}


def test_without_helpers_none_is_named():
    assert "credHelpers" not in registry.with_login({}, "reg.example", {"auth": "y"})


class FakeEngine:
    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def info(self):
        return {"IndexServerAddress": INDEX}

    def ask(self, path, method="GET", body=None):
        self.asked.append((path, method, body))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_login_gives_what_a_docker_config_holds():
    engine = FakeEngine({"IdentityToken": "", "Status": "Login Succeeded"})
    assert registry.login(engine, "reg.example", "me", "p") == ("reg.example", {"auth": basic("me:p")})
    assert engine.asked == [("/auth", "POST", {"username": "me", "password": "p", "serveraddress": "reg.example"})]


def test_login_keeps_a_token_and_not_the_password():
    assert registry.login(FakeEngine({"IdentityToken": "t"}), "", "me", "p") == (INDEX, {"auth": basic("me:"), "identitytoken": "t"})


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (EngineError(401, "no"), "does not accept the user me with this password"),
        (EngineError(500, "login attempt to http://reg.example/v2/ failed with status: 401 Unauthorized"), "does not accept the user me"),
        (EngineError(500, "unauthorized: incorrect username or password"), "does not accept the user me"),
        (EngineError(500, 'Get "http://10.0.0.1:4010/v2/": dial tcp 10.0.0.1:4010: connection refused'), "does not say whether"),
        (EngineError(500, "dial tcp: lookup auth.reg.example: no such host"), "does not say whether"),
    ],
)
def test_login_says_why_not(error, sentence):
    with pytest.raises(ComposeError) as raised:
        registry.login(FakeEngine(error), "reg.example", "me", "s3cret")
    assert sentence in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.fixture
def memory(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "memory_folder", lambda: str(tmp_path))
    return tmp_path


def test_the_private_config_is_only_this_users_and_goes(memory):
    with registry.private_config({"auths": {"reg.example": {"auth": "y"}}}) as folder:
        assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700
        file = os.path.join(folder, "config.json")
        assert stat.S_IMODE(os.stat(file).st_mode) == 0o600
        with open(file, encoding="utf-8") as opened:
            assert json.load(opened) == {"auths": {"reg.example": {"auth": "y"}}}
    assert os.listdir(memory) == []


def test_the_private_config_goes_when_the_pull_is_stopped(memory):
    with pytest.raises(SystemExit), registry.private_config({}):
        raise SystemExit(143)
    assert os.listdir(memory) == []


def test_only_folders_of_dead_processes_are_swept(memory):
    mine = memory / f"{registry.FOLDER_PREFIX}{os.getpid()}-a"
    dead = memory / f"{registry.FOLDER_PREFIX}4999999-a"
    for folder in (mine, dead, memory / "other-4999999-a"):
        folder.mkdir()
    (dead / "config.json").write_text("{}")
    registry.sweep_folders(str(memory))
    assert sorted(os.listdir(memory)) == sorted([mine.name, "other-4999999-a"])
