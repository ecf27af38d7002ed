"""The engine's socket: asked over a real one."""
from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import socketserver
import struct
import tempfile
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose import engine
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.framing import printed
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.images import Images, cannot_pull, check_credential, holds
from ansible_collections.django_ansible.deploy.plugins.module_utils.compose.registry import encode_auth


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


@pytest.fixture
def lab():
    """An engine on a socket; `answers` by method and path, `seen` what was asked."""
    folder = tempfile.mkdtemp()
    answers, seen = {}, []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            length = int(self.headers.get("Content-Length") or 0)
            seen.append((self.command, self.path, self.rfile.read(length), self.headers.get("X-Registry-Auth")))
            status, body = answers.get((self.command, self.path), (404, {"message": "no such thing"}))
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_DELETE = answer

        def address_string(self):
            return "socket"

        def log_message(self, *_arguments):
            pass

    path = os.path.join(folder, "docker.sock")
    server = Server(path, Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    found = engine.Engine("unix://" + path)
    found.answers, found.seen = answers, seen
    yield found
    server.shutdown()
    server.server_close()
    shutil.rmtree(folder)


def test_an_answer_and_an_error(lab):
    lab.answers["GET", "/version"] = (200, {"Version": "26"})
    lab.answers["GET", "/info"] = (500, {"message": "out of order"})
    assert lab.ask("/version") == {"Version": "26"}
    with pytest.raises(engine.EngineError) as raised:
        lab.info()
    assert (raised.value.status, raised.value.message) == (500, "out of order")
    assert lab.image("gone:1") is None
    assert lab.container("gone") is None
    lab.remove_container("gone")


def test_the_containers_of_a_project(lab):
    path = "/containers/json?all=1&filters=%7B%22label%22%3A%20%5B%22com.docker.compose.project%3Dshop%22%2C%20%22com.docker.compose.oneoff%3DFalse%22%5D%7D"
    lab.answers["GET", path] = (200, [{"Id": "a"}])
    assert lab.containers("shop") == [{"Id": "a"}]


def frame(stream, text):
    return struct.pack(">BxxxI", stream, len(text)) + text


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", b""),
        (frame(1, b"out\n") + frame(2, b"err\n"), b"out\nerr\n"),
        (b"a terminal writes plainly\r\n", b"a terminal writes plainly\r\n"),
        (b"short", b"short"),
    ],
)
def test_what_a_container_printed(data, text):
    assert printed(io.BytesIO(data), 1000) == text.decode()


def test_of_endless_output_the_end_is_kept():
    assert printed(io.BytesIO(frame(1, b"0123456789") * 9000 + frame(1, b"the end")), 30).endswith("0123456789the end")
    assert len(printed(io.BytesIO(frame(2, b"a" * 300_000)), 1000)) < 70_000
    assert len(printed(io.BytesIO(b"a" * 300_000), 1000)) < 70_000


def test_logs(lab):
    lab.answers["GET", "/containers/a/logs?stdout=1&stderr=1&tail=5"] = (200, frame(2, b"dying\n"))
    assert lab.logs("a", 5) == "dying\n"
    assert lab.logs("gone", 5) == ""


@pytest.mark.parametrize(
    ("tools", "sentence"),
    [([], "There is no Docker engine on this host: install it"), (["dockerd"], "The Docker engine is not running")],
)
def test_an_absent_engine(tmp_path, monkeypatch, tools, sentence):
    monkeypatch.setattr(engine.shutil, "which", lambda name, path: name if name in tools else None)
    with pytest.raises(engine.ComposeError, match=sentence):
        engine.Engine(f"unix://{tmp_path}/none.sock").info()


def test_a_forbidden_socket(monkeypatch, tmp_path):
    def connect(_self):
        raise PermissionError(13, "denied")

    monkeypatch.setattr(engine._SocketConnection, "connect", connect)
    with pytest.raises(engine.ComposeError, match="may not use the Docker engine's socket"):
        engine.Engine(f"unix://{tmp_path}/x.sock").info()


def test_where_the_engine_is(tmp_path):
    config_dir = str(tmp_path)
    assert engine.engine_host({}, config_dir) == engine.DEFAULT_HOST
    assert engine.engine_host({"DOCKER_HOST": "unix:///x"}, config_dir) == "unix:///x"
    (tmp_path / "config.json").write_text('{"currentContext": "rootless"}')
    with pytest.raises(engine.ComposeError, match="context rootless of this host cannot be read"):
        engine.engine_host({}, config_dir)
    meta = tmp_path / "contexts/meta" / hashlib.sha256(b"rootless").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text('{"Endpoints": {"docker": {"Host": "unix:///run/user/1000/docker.sock"}}}')
    assert engine.engine_host({}, config_dir) == "unix:///run/user/1000/docker.sock"
    assert engine.engine_host({"DOCKER_CONTEXT": "default"}, config_dir) == engine.DEFAULT_HOST


def test_only_a_socket_of_this_host():
    with pytest.raises(engine.ComposeError, match="tcp://10.0.0.1:2375, and only a unix socket"):
        engine.Engine("tcp://10.0.0.1:2375")


# Images: host and registry compared ------------------------------------------------------------------------------------

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64


def service(image, **options):
    return {"image": image, "build": False, "platform": "", "pull_policy": "", "replicas": 1, **options}


class Host:
    def __init__(self, lab, config_dir):
        self.engine, self.config_dir = lab, config_dir


@pytest.fixture
def survey(lab, tmp_path):
    def run(services, host=None, registry=None, registries=()):
        for reference, digest in (host or {}).items():
            name = reference.split(":v")[0].split("@")[0]
            lab.answers["GET", f"/images/{reference}/json"] = (200, {"Id": "id-" + digest, "RepoDigests": [f"{name}@{digest}"]})
        for reference, answer in (registry or {}).items():
            found = (200, {"Descriptor": {"digest": answer}}) if isinstance(answer, str) else answer
            lab.answers["GET", f"/distribution/{reference}/json"] = found
        images = Images(Host(lab, str(tmp_path)), services, registries)
        images.survey()
        return images

    return run


def test_nothing_is_pulled_when_the_registry_has_what_the_host_has(survey):
    images = survey({"web": service("r.x/web:v1"), "two": service("r.x/two:v1")}, {"r.x/web:v1": A, "r.x/two:v1": B}, {"r.x/web:v1": A, "r.x/two:v1": B})
    assert not images.needed
    assert images.recorded(images.chosen()) == {"web": f"r.x/web@{A}", "two": f"r.x/two@{B}"}
    assert images.refuse_unpullable() == []


def test_a_moved_tag_is_seen(survey):
    images = survey({"web": service("r.x/web:v1")}, {"r.x/web:v1": A}, {"r.x/web:v1": B})
    assert images.needed
    assert images.outdated(images.stale) == ["web"]
    assert images.chosen() == {"r.x/web:v1": B}
    assert images.recorded(images.chosen()) == {"web": f"r.x/web@{B}"}


@pytest.mark.parametrize(
    ("services", "needed"),
    [
        ({"web": service("r.x/web:v1", pull_policy="never")}, False),
        ({"web": service("", build=True)}, False),
        ({"web": service("r.x/web:v1", build=True)}, False),
        ({"web": service("r.x/web:v1", pull_policy="missing")}, False),
        ({"web": service(f"r.x/web@{A}")}, False),
        ({"web": service("r.x/web:v1", pull_policy="always")}, True),
    ],
)
def test_who_is_asked_about(survey, lab, services, needed):
    images = survey(services, {"r.x/web:v1": A, f"r.x/web@{A}": A})
    assert images.needed is needed
    assert any("/distribution/" in path for _method, path, _body, _auth in lab.seen) is needed


def test_an_unknown_answer_is_left_to_the_pull(survey):
    images = survey({"web": service("web:v1")}, {"web:v1": A}, {"web:v1": (500, {"message": "no route"})})
    assert images.needed
    assert images.chosen() == {"web:v1": ""}
    assert images.refuse_unpullable() == ["Whether the image web:v1 has changed is not known: no route."]


def test_podman_does_not_know_the_question_and_is_left_to_the_pull(survey, lab):
    lab.answers["GET", "/info"] = (200, {"BuildahVersion": "1.39.3"})
    images = survey({"web": service("r.x/web:v1")}, {"r.x/web:v1": A})
    assert images.needed
    assert images.refuse_unpullable() == ["Whether the image r.x/web:v1 has changed is not known: Podman does not know digests without a pull."]


@pytest.mark.parametrize("error", [(404, {"message": "manifest unknown"}), (403, {"message": "no"}), (500, {"message": "no basic auth credentials"})])
def test_an_image_that_cannot_be_pulled_is_named(survey, error):
    images = survey({"web": service("r.x/web:v1")}, {"r.x/web:v1": A}, {"r.x/web:v1": error})
    with pytest.raises(engine.ComposeError, match="r.x/web:v1 cannot be pulled"):
        images.refuse_unpullable()


def test_the_given_credential_and_the_hosts_own_are_both_used(survey, lab, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"own.x": {"auth": "bWU6cA=="}}}))
    lab.answers["GET", "/info"] = (200, {"IndexServerAddress": "https://index.example/v1/"})
    lab.answers["POST", "/auth"] = (200, {"Status": "Login Succeeded"})
    survey({"a": service("r.x/a:v1"), "b": service("own.x/b:v1"), "c": service("c:v1")}, registries=[{"registry": "r.x", "username": "deployer", "password": "s3cret"}])
    sent = {path: auth for _method, path, _body, auth in lab.seen if path.startswith("/distribution")}
    assert sent == {
        "/distribution/r.x/a:v1/json": encode_auth({"username": "deployer", "password": "s3cret", "serveraddress": "r.x"}),
        "/distribution/own.x/b:v1/json": encode_auth({"username": "me", "password": "p", "serveraddress": "own.x"}),
        "/distribution/c:v1/json": None,
    }
    assert json.loads((tmp_path / "config.json").read_text()) == {"auths": {"own.x": {"auth": "bWU6cA=="}}}


CREDENTIAL = [{"registry": "r.x", "username": "deployer", "password": "s3cret"}]


@pytest.mark.parametrize(
    ("services", "remote", "logins"),
    [
        # It has just answered with that credential.
        ({"web": service("r.x/web:v1")}, {"r.x/web:v1": A}, 0),
        ({"web": service("r.x/web:v1"), "db": service("r.x/db:v1")}, {"r.x/web:v1": A, "r.x/db:v1": (404, {"message": "manifest unknown"})}, 0),
        # Nobody asked it, or it did not answer: is it for the credential?
        ({"web": service("web:v1")}, {"web:v1": A}, 1),
        ({"web": service("r.x/web:v1")}, {"r.x/web:v1": (500, {"message": "no"})}, 1),
    ],
)
def test_a_registry_that_answers_is_not_logged_in_to(survey, lab, services, remote, logins):
    lab.answers["GET", "/info"] = (200, {"IndexServerAddress": "https://index.example/v1/"})
    lab.answers["POST", "/auth"] = (200, {"Status": "Login Succeeded"})
    survey(services, registry=remote, registries=CREDENTIAL)
    assert [path for _method, path, _body, _auth in lab.seen].count("/auth") == logins


def test_a_wrong_credential_is_said_as_such(survey, lab):
    lab.answers["GET", "/info"] = (200, {"IndexServerAddress": "https://index.example/v1/"})
    lab.answers["POST", "/auth"] = (401, {"message": "no"})
    with pytest.raises(engine.ComposeError, match="r.x does not accept the user deployer with this password"):
        survey({"web": service("r.x/web:v1")}, registry={"r.x/web:v1": (401, {"message": "no"})}, registries=CREDENTIAL)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [(("r.x", "", ""), "has neither user nor password"), (("", "me", ""), "password for the registry user me is empty"), (("", "", "p"), "no user")],
)
def test_half_a_credential(given, sentence):
    with pytest.raises(engine.ComposeError, match=sentence):
        check_credential(*given)


@pytest.mark.parametrize(
    ("status", "message", "sentence"),
    [
        (404, "manifest unknown", "r.x does not have it"),
        (401, "", "wants a login"),
        (500, "unauthorized: authentication required", "wants a login"),
        (500, "lookup auth.r.x: no such host", "does not answer as it should: lookup auth.r.x: no such host."),
    ],
)
def test_cannot_pull(status, message, sentence):
    assert sentence in cannot_pull("r.x/web:v1", engine.EngineError(status, message))


def test_holds():
    assert holds({"RepoDigests": [f"web@{A}"]}, A)
    assert not holds({"RepoDigests": [f"web@{A}"]}, B)
    assert not holds({"RepoDigests": None}, A)
    assert not holds({"RepoDigests": [f"web@{A}"]}, "")
    assert not holds(None, A)


def test_a_pull_by_digest_and_what_goes_wrong_in_its_stream(lab):
    path = f"/images/create?fromImage=r.x%2Fweb&tag={A.replace(':', '%3A')}"
    lab.answers["POST", path] = (200, b'{"status":"Pulling"}\n{"status":"done"}\n')
    lab.pull(f"r.x/web@{A}", "credential")
    assert lab.seen[-1][3] == "credential"
    lab.answers["POST", path] = (200, b'{"status":"Pulling"}\n{"error":"write /var: no space left on device"}\n')
    with pytest.raises(engine.EngineError, match="no space left"):
        lab.pull(f"r.x/web@{A}")
    lab.answers["POST", "/images/create?fromImage=r.x%3A5000%2Fweb&tag=latest&platform=linux%2Farm64"] = (404, {"message": "not found"})
    with pytest.raises(engine.EngineError, match="not found"):
        lab.pull("r.x:5000/web", platform="linux/arm64")


def test_one_that_prints_on_and_on_has_its_time_as_a_whole(lab, monkeypatch):
    lab.answers["POST", "/containers/c1/exec"] = (201, {"Id": "e1"})
    lab.answers["POST", "/exec/e1/start"] = (200, (b"\1\0\0\0" + struct.pack(">I", 2) + b"x\n") * 100)
    ticks = iter(range(10**6))
    monkeypatch.setattr(engine.time, "monotonic", lambda: next(ticks))
    with pytest.raises(engine.ComposeError, match="did not answer within 50 seconds"):
        lab.execute("c1", ["check"], 50)


def test_a_command_that_an_engine_did_not_run_has_no_exit_code(lab):
    lab.answers["POST", "/containers/c1/exec"] = (201, {"Id": "e1"})
    lab.answers["GET", "/exec/e1/json"] = (200, {"ExitCode": 0, "Running": False})
    lab.answers["POST", "/exec/e1/start"] = (409, {"message": "container c1 is not running"})
    with pytest.raises(engine.EngineError, match="is not running"):
        lab.execute("c1", ["check"])
    lab.answers["POST", "/exec/e1/start"] = (200, b"well\n")
    assert lab.execute("c1", ["check"]) == (0, "well\n")
