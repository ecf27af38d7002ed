"""What a host answers is looked through before anything is done with it: types, lengths, forms."""
from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.django_ansible.deploy.plugins.plugin_utils.answers import ANSWERS, problem_of, vouched

PLUGINS = Path(__file__).parents[4] / "plugins"
MODULES = sorted(path.stem for path in (PLUGINS / "modules").glob("*.py"))
COMMIT = "0123456" + "a" * 33


def answer(**changes):
    return {
        "changed": False,
        "missing_packages": [], "account_exists": True, "to_finish": False, "unapplied": None, "current": False, "lock_kept": False, "renews_certificate": False,
        "free_mib": 900, "live": {"slot": "blue", "release": "20260101T000000Z-0123456", "revision": COMMIT},
        "releases": [{"release": "20260101T000000Z-0123456", "revision": COMMIT, "bad": None, "activated": "2026-01-01T00:00:00Z", "prepared": True, "as_built": True}],
        "deploy": {"app": "shop", "previous_release": "20260101T000000Z-0123456"},
        **changes,
    }


def test_an_honest_answer_stays_as_it_is():
    given = answer(warnings=["words"], _ansible_verbose_always=True)
    assert vouched("app_host", "app2", given) == given
    # A key that nobody knows is no reason to fail, and goes no further.
    assert vouched("app_host", "app2", {**given, "\x1b[2J\n::error::": "x", "app_name": "evil"}) == given


@pytest.mark.parametrize("command", ["npm run build", "python -c \"print('100% ü $HOME')\" | cat", "manage.py shell -c '\nfirst\nsecond\n'", "make " + "x" * 5000])
@pytest.mark.parametrize(("module", "key"), [("app_release", "done"), ("app_migrate", "commands"), ("app_finish", "commands")])
def test_a_command_of_the_project_is_told_as_it_was_written(module, key, command):
    assert problem_of(module, {key: ["code", command]}) is None


def release(**changes):
    return answer(releases=[{**answer()["releases"][0], **changes}])


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (release(release="../../../etc/x"), "releases[0].release, which is '../../../etc/x', which is not the name of a release"),
        (release(release="20260101T000000Z-0123456\n"), "which is not the name of a release"),
        (release(release=["20260101T000000Z-0123456"]), "releases[0].release, which is a list, which is not the name of a release"),
        (release(revision="HEAD"), "releases[0].revision, which is 'HEAD', which is not a commit"),
        (release(prepared="yes"), "releases[0].prepared, which is 'yes' where true or false belongs"),
        (release(more=1), "releases[0].more, which is nothing that it may answer"),
        (answer(releases={"a": 1}), "releases, which is a mapping where a list belongs"),
        (answer(releases=[answer()["releases"][0]] * 20000), "releases, which has 20000 entries, and there may be 10000"),
        (answer(live=None), "live, which is None where a mapping belongs"),
        (answer(free_mib="many"), "free_mib, which is 'many' where a number belongs"),
        (answer(free_mib=True), "free_mib, which is True where a number belongs"),
        (answer(ansible_facts={"app_branch": "evil"}), "ansible_facts, which is nothing that it may answer"),
        (answer(deploy={"url": "javascript:alert(1)"}), "deploy.url, which is 'javascript:alert(1)', which is not an address of a site"),
        (answer(deploy={"warnings": ["x" * 70000]}), "deploy.warnings[0], which has 70000 characters, and there may be 65536"),
        (answer(deploy=[]), "deploy, which is a list where a mapping belongs"),
        (answer(warnings=["x" * (8 << 20)]), "8 MiB, and no answer has more than 4"),
        (answer(msg="x" * 70000), "msg, which has 70000 characters"),
    ],
)
def test_anything_else_fails_that_host_in_one_sentence(given, words):
    failure = vouched("app_host", "app2", given)
    assert set(failure) == {"failed", "changed", "refused", "msg"}
    assert failure["failed"] is True
    assert failure["msg"].startswith("app2: app_host answered ")
    assert words in failure["msg"]
    assert len(failure["msg"]) < 400
    assert "\n" not in failure["msg"]


def test_digests_and_certificates_have_their_forms():
    assert problem_of("compose_reach", {"digests": {"shop:1": "sha256:" + "0" * 64, "shop:2": ""}}) is None
    assert "not a digest" in problem_of("compose_reach", {"digests": {"shop:1": "latest"}})
    assert "not a certificate" in problem_of("app_certificate", {"identity": "x"})


@pytest.mark.parametrize("module", MODULES)
def test_every_module_is_looked_through_by_what_it_documents(module):
    source = (PLUGINS / "action" / (module + ".py")).read_text()
    assert any("plugin_utils.%s import" % looks in source for looks in ("answers", "followed", "progress"))
    documented = yaml.safe_load(re.search(r'RETURN = r?"""(.*?)"""', (PLUGINS / "modules" / (module + ".py")).read_text(), re.DOTALL)[1])
    assert set(ANSWERS[module]) == set(documented)
