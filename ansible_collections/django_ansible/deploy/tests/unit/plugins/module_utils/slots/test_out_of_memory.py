"""What status says of an application whose memory did not suffice."""
import pytest

from ansible_collections.django_ansible.deploy.plugins.module_utils.host import systemd
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.command import CommandFailed
from ansible_collections.django_ansible.deploy.plugins.module_utils.slots import standing

LINE = "mysite@blue.service: Failed with result 'oom-kill'."
ENDING = " within a day: look for a leak, lower gunicorn_workers, or raise django_app_memory_max"


@pytest.mark.parametrize("printed, said", [
    ("", None),
    (LINE + "\n", "mysite@blue.service ran out of memory once" + ENDING),
    ((LINE + "\n") * 3, "mysite@blue.service ran out of memory 3 times" + ENDING),
])
def test_says_how_often(monkeypatch, printed, said):
    asked = []
    monkeypatch.setattr(systemd, "run", lambda argv, **more: asked.append(argv) or printed)
    assert standing.out_of_memory("mysite@blue.service") == said
    assert asked[0][-1] == "UNIT=mysite@blue.service"


def test_a_host_without_a_journal_says_nothing(monkeypatch):
    def none(argv, **more):
        raise CommandFailed("no journal")

    monkeypatch.setattr(systemd, "run", none)
    assert standing.out_of_memory("mysite@blue.service") is None
