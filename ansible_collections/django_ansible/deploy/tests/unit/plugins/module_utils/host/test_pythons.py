"""Whether a virtual environment still has the Python that it was made with."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import pythons


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A host whose own Python is 3.11, as Debian 12 has it."""
    for name in ("python3.11", "python3.13", "pypy3"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3").symlink_to("python3.11")
    monkeypatch.setattr(pythons, "OWN", str(tmp_path / "python3"))
    return tmp_path


def venv(host, python, lib="python3.11"):
    (host / "venv/bin").mkdir(parents=True)
    (host / "venv/lib" / lib).mkdir(parents=True)
    (host / "venv/bin/python").symlink_to(host / python)
    return str(host / "venv")


def upgrade(host):
    (host / "python3").unlink()
    (host / "python3").symlink_to("python3.13")


@pytest.mark.parametrize(
    ("python", "lib", "upgraded", "after_autoremove"),
    [
        # As releases of before were made: by the name that belongs to another Python after the upgrade.
        ("python3", "python3.11", False, False),
        ("python3.11", "python3.11", True, False),
        ("python3.13", "python3.13", True, True),
        ("pypy3", "pypy3.10", True, True),
    ],
)
def test_an_upgrade_of_debian_takes_its_python_away_at_once_or_later(host, python, lib, upgraded, after_autoremove):
    made = venv(host, python, lib)
    assert pythons.starts(made)
    upgrade(host)
    assert pythons.starts(made) is upgraded
    (host / "python3.11").unlink()
    assert pythons.starts(made) is after_autoremove


def test_nothing_starts_without_a_virtual_environment(host):
    assert not pythons.starts(str(host / "none"))


@pytest.mark.parametrize(("python", "own"), [("python3", "python3.11"), ("python3.11", "python3.11"), ("python3.13", None), ("pypy3", None)])
def test_the_hosts_own_python_is_known_by_what_the_link_leads_to(host, python, own):
    assert pythons.own_in(venv(host, python)) == own
    assert pythons.own() == str(host / "python3.11")
