import json
import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import relay as module


class Place:
    """A link, two listeners that it may lead to and say their names, and the room."""

    def __init__(self, tmp_path, seconds):
        self.link, self.room = str(tmp_path / "link"), str(tmp_path / "room")
        self.paths = {name: str(tmp_path / name) for name in ("old", "new")}
        for name, path in self.paths.items():
            listener = socket.socket(socket.AF_UNIX)
            listener.bind(path)
            listener.listen()
            threading.Thread(target=self.answer, args=(listener, name), daemon=True).start()
        self.lead(self.paths["old"])
        page = tmp_path / "page"
        page.write_bytes(b"later")
        spec = tmp_path / "spec"
        spec.write_text(json.dumps({"link": self.link, "socket": self.room, "seconds": seconds, "page": str(page)}))
        code = "import os, sys; os.geteuid = lambda: 1; from %s import main; main(sys.argv[1])" % module.__name__
        self.process = subprocess.Popen([sys.executable, "-c", code, str(spec)], env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))})
        while not os.path.exists(self.room):
            assert self.process.poll() is None
            time.sleep(0.01)

    def lead(self, target):
        os.symlink(target, self.link + ".new")
        os.rename(self.link + ".new", self.link)

    @staticmethod
    def answer(listener, name):
        while True:
            asker, _ = listener.accept()
            said = asker.recv(1 << 20)
            asker.sendall(name.encode() + b" " + said)
            asker.close()

    def ask(self, said=b"hello"):
        asker = socket.socket(socket.AF_UNIX)
        asker.connect(self.link)
        asker.sendall(said)
        return asker


def told(asker):
    asker.settimeout(5)
    found = b""
    while True:
        chunk = asker.recv(65536)
        if not chunk:
            return found
        found += chunk


@pytest.fixture
def place(tmp_path):
    made = []

    def make(seconds):
        made.append(Place(tmp_path, seconds))
        return made[0]

    yield make
    made[0].process.kill()
    made[0].process.wait()


@pytest.mark.parametrize("name", ["old", "new"])
def test_who_waits_goes_on_to_where_the_link_leads_next(place, name):
    here = place(20)
    here.lead(here.room)
    waiting = [here.ask(b"%d" % number) for number in range(200)]
    waiting[0].settimeout(0.3)
    with pytest.raises(socket.timeout):
        waiting[0].recv(1)
    here.lead(here.paths[name])
    assert [told(asker) for asker in waiting] == [b"%s %d" % (name.encode(), number) for number in range(200)]


def test_nobody_waits_longer_than_the_time_and_the_next_hold_has_its_own(place):
    here = place(0.5)
    here.lead(here.room)
    begun = time.monotonic()
    first = here.ask()
    answer = told(first)
    assert 0.4 < time.monotonic() - begun < 3 and answer.startswith(b"HTTP/1.1 503 ") and answer.endswith(b"\r\n\r\nlater") and b"\r\nRetry-After: " in answer
    assert told(here.ask()).startswith(b"HTTP/1.1 503 ")
    here.lead(here.paths["new"])
    time.sleep(0.2)
    here.lead(here.room)
    second = here.ask()
    time.sleep(0.2)
    here.lead(here.paths["old"])
    assert told(second) == b"old hello"


def test_it_ends_when_it_is_told_to_and_the_last_one_is_gone(place):
    here = place(20)
    here.lead(here.room)
    waiting = here.ask()
    here.lead(here.paths["new"])
    here.process.terminate()
    assert told(waiting) == b"new hello"
    assert here.process.wait(5) == 0
