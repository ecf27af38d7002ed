"""A Python that a checkout asks for is installed by root, and the builder goes on with what it has unpacked."""
from __future__ import annotations

import io

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots.preparation import Preparation


class Builder:
    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def work(self, steps, shown, archive=None, **request):
        self.asked.append((steps, archive.read() if archive else None, request["wishes"]["pythons"]))
        return self.answers.pop(0)

    def python_for(self, asked, tools):
        if asked == "9":
            raise CommandFailed("there is none")
        return "/opt/shop/tools/python"


def preparation(*answers):
    made = Preparation.__new__(Preparation)
    made.builder, made.pythons, made.python_trouble = Builder(*answers), {}, ""
    made.release_dir, made.place, made.layout = "/opt/shop/releases/r", "/opt/shop/building/r", type("Layout", (), {"tools": "/opt/shop/tools"})()
    made.uv = None
    made.wishes = lambda installs: {"pythons": dict(made.pythons)}
    return made


def test_the_archive_is_unpacked_once():
    made = preparation({"python_needed": ">=3.12"}, {"key": "k"})
    assert made.work(["unpack", "claim", "plan"], archive=io.BytesIO(b"archive")) == {"key": "k"}
    assert made.builder.asked == [
        (["unpack", "claim", "plan"], b"archive", {}),
        (["claim", "plan"], None, {">=3.12": "/opt/shop/tools/python"}),
    ]


def test_what_is_asked_again_and_again_ends():
    with pytest.raises(CommandFailed, match="asks for Python 9 once more"):
        preparation({"python_needed": "9"}, {"python_needed": "9"}).work(["plan"])
    with pytest.raises(CommandFailed, match="asks for Python 3.12 once more"):
        preparation({"python_needed": "3.12"}, {"python_needed": "3.12"}).work(["plan"])
