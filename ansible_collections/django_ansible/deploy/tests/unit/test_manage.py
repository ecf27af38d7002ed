"""The program that runs manage.py on a host, rendered as a deploy renders it: whoever calls it is root, and what it runs is the application's code."""
from __future__ import annotations

import json
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import jinja2
import pytest

TEMPLATE = Path(__file__).parents[2] / "roles/django_app/templates/manage.j2"
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
TELL = """
import json, os, sys
def of(number):
    return os.ttyname(number) if os.isatty(number) else None
try:
    controlling = os.stat(os.open("/dev/tty", os.O_RDWR)) and os.ttyname(os.open("/dev/tty", os.O_RDWR))
except OSError:
    controlling = None
print(json.dumps({"uid": os.getuid(), "groups": os.getgroups(), "args": sys.argv[1:], "terminals": [of(0), of(1), of(2)], "session": os.getsid(0), "leads": os.getsid(0) == os.getpid(), "has": controlling is not None, "value": os.environ.get("VALUE")}))
"""


@pytest.fixture
def manage(request):
    """Makes the program for an application whose manage.py is what is given."""
    folder = Path(tempfile.mkdtemp(prefix="manage-"))
    request.addfinalizer(lambda: shutil.rmtree(folder))
    folder.chmod(0o755)
    (folder / "app/current/.venv/bin").mkdir(parents=True)
    (folder / "app/current/.venv/bin/python").symlink_to("/usr/bin/python3")
    (folder / "env").write_text('VALUE="two\nlines"\n')

    def made(script):
        (folder / "app/current/manage.py").write_text(script)
        filters = {"comment": lambda text: "# " + text}
        environment = jinja2.Environment(keep_trailing_newline=True, trim_blocks=True)
        environment.filters.update(filters)
        text = environment.from_string(TEMPLATE.read_text()).render(
            ansible_managed="Ansible managed", app_name="shop", app_user="nobody", app_dir=str(folder / "app"), app_path=".", django_app_credentials=[]
        )
        (folder / "shop-manage").write_text(text.replace("/etc/shop/env", str(folder / "env")))
        return [sys.executable, "-I", str(folder / "shop-manage")]

    return made


def in_terminal(argv, typed=b"", **streams):
    """Runs a program as a person in a terminal does. Returns how it ended, what was shown, and the terminal's name."""
    ours, theirs = pty.openpty()
    name = os.ttyname(theirs)

    def lead():
        os.setsid()
        # A shell has whatever it starts in the background ignore it, and so would the program.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.close(os.open(name, os.O_RDWR))

    process = subprocess.Popen(argv, preexec_fn=lead, close_fds=True, **{"stdin": theirs, "stdout": theirs, "stderr": theirs, **streams})
    before = termios.tcgetattr(theirs)
    shown, deadline = b"", time.monotonic() + 120
    while time.monotonic() < deadline:
        if select.select([ours], [], [], 0.1)[0]:
            shown += os.read(ours, 65536)
        elif process.poll() is not None:
            break
        if typed and b"ready" in shown:
            os.write(ours, typed)
            typed = b""
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(ours)
    return process.wait(5), shown.decode(), name


def test_it_runs_as_the_applications_user_with_its_environment(manage):
    done = subprocess.run([*manage(TELL), "check", "--deploy"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    told = json.loads(done.stdout)
    assert (told["uid"], told["args"], told["value"]) == (65534, ["check", "--deploy"], "two\nlines")
    assert 0 not in told["groups"]


def test_the_terminal_of_whoever_asks_is_out_of_its_reach(manage):
    code, shown, name = in_terminal(manage(TELL))
    told = json.loads(shown)
    assert code == 0 and told["leads"] and told["has"]
    assert name not in told["terminals"] and None not in told["terminals"]


def test_so_it_is_when_nothing_of_it_is_the_terminal(manage, tmp_path):
    with open(tmp_path / "out", "w", encoding="utf-8") as out:
        code, shown, _ = in_terminal(manage(TELL), stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    told = json.loads((tmp_path / "out").read_text())
    assert (code, shown, told["terminals"], told["leads"], told["has"]) == (0, "", [None] * 3, True, False)


def test_what_goes_into_a_file_comes_as_it_is(manage, tmp_path):
    with open(tmp_path / "out", "wb") as out:
        code, shown, _ = in_terminal(manage("import os\nos.write(1, b'one\\ntwo\\x00' * 100000)\nos.write(2, b'said')"), stdout=out)
    assert (code, shown) == (0, "said")
    assert (tmp_path / "out").read_bytes() == b"one\ntwo\x00" * 100000


def test_it_is_typed_to_and_ends_as_the_command_does(manage):
    code, shown, _ = in_terminal(manage("print('ready'); print('got', input()); raise SystemExit(7)"), typed=b"hello\r")
    assert code == 7 and "got hello" in shown


def test_control_c_reaches_the_command_alone(manage):
    code, shown, _ = in_terminal(manage("import time\ntry:\n    print('ready', flush=True)\n    time.sleep(30)\nexcept KeyboardInterrupt:\n    print('interrupted')\n    raise SystemExit(3)"), typed=b"\x03")
    assert code == 3 and "interrupted" in shown


@pytest.mark.parametrize("script, code", [("raise SystemExit(5)", 5), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_without_a_terminal_it_ends_as_the_command_does(manage, script, code):
    assert subprocess.run(manage(script), stdin=subprocess.DEVNULL, check=False).returncode == code


def test_what_it_is_given_goes_to_the_command(manage):
    done = subprocess.run(manage("import sys; print(len(sys.stdin.read()))"), input="x" * 300_000, capture_output=True, text=True, check=True)
    assert done.stdout == "300000\n"
