"""A host that boots in the middle of a run puts itself in order."""
from __future__ import annotations

import json
import os
import subprocess
import sys
import types

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host import boot, keeper, shipped
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.lock import DeployLock

NAME = "django-ansible-deploy-shop-boot.service"


@pytest.fixture
def told(tmp_path, monkeypatch):
    monkeypatch.setattr(boot, "UNITS", str(tmp_path / "units"))
    monkeypatch.setattr(boot, "FOLDER", str(tmp_path / "kept"))
    (tmp_path / "units").mkdir()
    went = types.ModuleType("fake_way_back")
    went.calls = []
    went.answer = None

    def go_back(params, run):
        went.calls.append((params, run))
        return went.answer

    went.go_back = go_back
    monkeypatch.setitem(sys.modules, shipped.OURS + "slots.fake", went)
    params = {"app_dir": "/opt/shop", "actor": 'o"cto$cat %n\n'}
    return {
        "app_name": "shop", "run": "7-1-a", "actor": "mona", "locks": str(tmp_path / "locks"), "way_back": "slots.fake", "params": params,
        "folder": "not kept", "went": went.calls, "way back": went,
    }


def arm(told):
    content = boot.unit("/var/lib/django-ansible-deploy/code/1", {name: told[name] for name in told if name not in ("went", "way back")})
    boot.arm("shop", content, "https://chat.example/hook?secret")
    return content


def files():
    return sorted(os.path.relpath(os.path.join(folder, name), boot.UNITS) for folder, _, names in os.walk(boot.UNITS) for name in names)


def facts():
    """What the unit's program is given, read as systemd reads it."""
    with open(os.path.join(boot.UNITS, NAME), encoding="utf-8") as file:
        line = next(line for line in file.read().splitlines() if line.startswith("ExecStart="))
    word = line[line.rindex(' "{') + 2 : -1].replace("%%", "%").replace("$$", "$")
    return word.replace('\\"', '"').replace("\\\\", "\\")


def test_a_boot_starts_it_as_long_as_the_run_lives(told):
    armed = arm(told)
    assert files() == [NAME, "multi-user.target.wants/" + NAME]
    assert os.readlink(os.path.join(boot.UNITS, "multi-user.target.wants", NAME)) == os.path.join(boot.UNITS, NAME)
    boot.disarm("shop", armed)
    assert files() == []
    boot.disarm("shop", armed)


def test_it_says_that_it_went_back_and_what_every_user_may_read_has_no_address(told, monkeypatch):
    said = []
    monkeypatch.setattr(boot.notice, "send", lambda address, sentence, tries, **facts: said.append((address, sentence, files(), facts["release"])))
    content = arm(told)
    assert "chat.example" not in content
    assert [os.stat(os.path.join(boot.FOLDER, name)).st_mode & 0o777 for name in os.listdir(boot.FOLDER)] == [0o600]
    told["way back"].answer = {"release": "20260101T000000Z-0123456"}
    boot.main(facts())
    (address, sentence, left, release), = said
    assert (address, left, release) == ("https://chat.example/hook?secret", [], "20260101T000000Z-0123456")
    assert sentence.endswith(": shop rolled back to 20260101T000000Z-0123456 by itself, since run 7-1-a of mona was interrupted here.")
    assert os.listdir(boot.FOLDER) == []


def test_a_host_that_had_nothing_to_go_back_from_says_nothing(told, monkeypatch):
    monkeypatch.setattr(boot.notice, "send", None)
    arm(told)
    boot.main(facts())


@pytest.mark.parametrize("restarts, says", [("0", 0), ("10", 0), ("11", 1), ("12", 0)])
def test_a_host_that_cannot_go_back_says_so_once_at_its_last_try(told, monkeypatch, restarts, says):
    said = []
    monkeypatch.setattr(boot.notice, "send", lambda address, sentence, **facts: said.append((address, sentence)))
    monkeypatch.setattr(boot.systemd, "show", lambda unit, *names: {"NRestarts": restarts} if unit == NAME else {})
    content = arm(told)
    assert "StartLimitBurst=12" in content
    told["way back"].go_back = lambda params, run: 1 / 0
    with pytest.raises(ZeroDivisionError):
        boot.main(facts())
    assert len(files()) == 2, "a boot tries it again"
    assert len(said) == says
    if says:
        assert said[0][0] == "https://chat.example/hook?secret"
        assert said[0][1].endswith(
            ": shop failed to roll back by itself, since run 7-1-a of mona was interrupted here, and it is not tried again before a boot. Deploy or roll back this host; journalctl -u %s shows why." % NAME
        )


def test_its_tries_are_counted_however_long_each_takes_and_anew_when_it_is_asked_again(told, monkeypatch):
    """Containers may take minutes to come up: such tries never met a limit of ten minutes, and went on after the last one was told of."""
    limit = next(line for line in arm(told).splitlines() if line.startswith("StartLimitIntervalSec="))
    assert int(limit.partition("=")[2]) >= boot.STARTS * 1800
    did = []
    monkeypatch.setattr(boot.systemd, "quietly", lambda *words: did.append(words))
    monkeypatch.setattr(boot, "run", lambda argv, **options: did.append(tuple(argv[1:])))
    boot.start("shop")
    # After a boot in the middle of an earlier run, multi-user.target has systemd keep the unit as it was for that run.
    assert did == [("daemon-reload",), ("reset-failed", NAME), ("start", "--no-block", NAME)]


def test_a_later_run_keeps_what_it_armed(told):
    armed = arm(told)
    first = facts()
    arm({**told, "run": "8-1-a"})
    boot.disarm("shop", armed)
    DeployLock("shop", "8-1-a", "", told["locks"]).take()
    # As when what it needs came late.
    boot.main(first)
    assert told["went"] == []
    assert json.loads(facts())["run"] == "8-1-a"
    assert len(files()) == 2


def test_it_goes_back_with_what_it_was_told_and_leaves_nothing(told):
    arm(told)
    boot.main(facts())
    assert told["went"] == [(told["params"], "7-1-a")]
    assert files() == []
    assert DeployLock("shop", "8-1-a", "", told["locks"]).holder() is None


def test_a_later_run_is_left_alone(told):
    arm(told)
    DeployLock("shop", "8-1-a", "", told["locks"]).take()
    boot.main(facts())
    assert told["went"] == []
    assert files() == []


def test_a_later_run_in_a_step_is_left_alone(told):
    arm(told)
    later = DeployLock("shop", "8-1-a", "", told["locks"])
    later.take()
    with later.step():
        boot.main(facts())
    assert told["went"] == []


def test_what_is_shipped_can_be_started(tmp_path, monkeypatch):
    """The code that a keeper is started from has all that the boot needs."""
    assert keeper.boot is boot
    place = shipped.ship(str(tmp_path / "code"))
    asked = [*shipped.command(place, "host.boot", json.dumps({"app_name": "x", "run": "", "actor": "", "locks": str(tmp_path), "way_back": "host.nothing", "params": {}}))]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert "No module named '%shost.nothing'" % shipped.OURS in ended.stderr
