"""Which ports Ubuntu's firewall lets nobody in at, from its own files."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import firewall

SSH = "### tuple ### allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in"


@pytest.fixture
def ufw(tmp_path, monkeypatch):
    """Writes ufw's files as it does."""

    def write(*rules, enabled="yes", policy="DROP"):
        for name, text in (
            ("ENABLED", "# comment\nENABLED=%s\nLOGLEVEL=low\n" % enabled),
            ("REFUSES", 'IPV6=yes\nDEFAULT_INPUT_POLICY="%s"\nDEFAULT_OUTPUT_POLICY="ACCEPT"\n' % policy),
            ("RULES", "*filter\n### RULES ###\n\n%s\n-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n" % "\n".join(rules)),
        ):
            path = tmp_path / name
            path.write_text(text)
            monkeypatch.setattr(firewall, name, (str(path), getattr(firewall, name)[1]))

    return write


@pytest.mark.parametrize(
    ("rule", "closed"),
    [
        (SSH, [80, 443]),
        ("### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 Nginx%20Full - in", []),
        ("### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in", []),
        ("### tuple ### limit any 80 0.0.0.0/0 any 0.0.0.0/0 in", [443]),
        ("### tuple ### allow tcp 80 0.0.0.0/0 any 10.0.0.0/8 in", [443]),
        ("### tuple ### allow tcp 400:500 0.0.0.0/0 any 0.0.0.0/0 in", [80]),
        ("### tuple ### allow any any 0.0.0.0/0 any 192.0.2.1 in", []),
        ("### tuple ### allow any 443 0.0.0.0/0 any 0.0.0.0/0 in_eth0", [80]),
        ("### tuple ### allow_log tcp 80 0.0.0.0/0 any 0.0.0.0/0 in", [443]),
        ("### tuple ### allow tcp 80 0.0.0.0/0 any 0.0.0.0/0 in comment=7765623a", [443]),
        ("### tuple ### allow udp 443 0.0.0.0/0 any 0.0.0.0/0 in", [80, 443]),
        ("### tuple ### allow tcp 443 0.0.0.0/0 any 0.0.0.0/0 out", [80, 443]),
        ("### tuple ### deny tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in", [80, 443]),
    ],
)
def test_a_rule_opens_its_ports(ufw, rule, closed):
    ufw(SSH, rule)
    assert firewall.closed([80, 443]) == closed


def test_a_firewall_that_is_off_or_lets_everybody_in_closes_nothing(ufw, monkeypatch):
    ufw(SSH, enabled="no")
    assert firewall.closed([80]) == []
    ufw(SSH, policy="ACCEPT")
    assert firewall.closed([80]) == []
    monkeypatch.setattr(firewall, "ENABLED", ("/nowhere/ufw.conf", firewall.ENABLED[1]))
    assert firewall.closed([80]) == []


def test_the_warning_says_which_ports_and_how_to_open_them(ufw):
    ufw(SSH)
    assert firewall.warning([80, 443]) == [
        "the host's firewall (ufw) lets nobody in at port 80,443, so visitors do not reach the site: run `ufw allow 80,443/tcp` there"
    ]
    ufw(SSH, "### tuple ### allow tcp 80,443 0.0.0.0/0 any 0.0.0.0/0 in")
    assert firewall.warning([80, 443]) == []
