"""What host_baseline reads of how people log in."""
import pathlib
import re
import subprocess

import pytest

TASKS = pathlib.Path(__file__).parents[2] / "roles" / "host_baseline" / "tasks" / "main.yml"


@pytest.mark.parametrize("settings, said", [
    ("port 22\nport 2222\nauthorizedkeyscommand none\ntrustedusercakeys none\n", "port 22\nport 2222\n"),
    # As OpenSSH 10.6 prints them.
    ("Port 2222\nAuthorizedKeysCommand /usr/bin/keys\nTrustedUserCAKeys none\n", "port 2222\nkeys\n"),
])
def test_reads_the_ports_and_ways_in_of_every_openssh(settings, said):
    reader = re.search(r"sshd -T \| (awk '.*')", TASKS.read_text()).group(1)
    assert subprocess.run(["sh", "-c", reader], input=settings, capture_output=True, text=True, check=True).stdout == said
