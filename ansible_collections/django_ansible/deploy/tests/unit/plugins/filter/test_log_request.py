"""What is asked of the logs is understood, or refused before a host is asked."""
import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.django_ansible.deploy.plugins.filter.log_request import log_request
from ansible_collections.django_ansible.deploy.plugins.filter.words import words


@pytest.mark.parametrize(
    "command, found",
    [
        ([], {"part": "web", "since": "", "lines": 200, "grep": ""}),
        ('worker --since "1 hour ago" --lines 5 --grep "a|b"', {"part": "worker", "since": "1 hour ago", "lines": 5, "grep": "a|b"}),
        ("Web.1_api", {"part": "Web.1_api", "since": "", "lines": 200, "grep": ""}),
        (["nginx", "--grep", "-x"][:1], {"part": "nginx", "since": "", "lines": 200, "grep": ""}),
    ],
)
def test_understood(command, found):
    assert log_request(command) == {**found, "wrong": ""}


@pytest.mark.parametrize("command", ["web web", "web --tail", "web --lines 0", "web --lines many", "Web/..", "web --since $(id)", "web 'open"])
def test_refused(command):
    assert log_request(command)["wrong"].startswith("command cannot be understood: ")


def test_containers_have_no_usual_part():
    assert log_request("--lines 5", part="") == {"part": "", "since": "", "lines": 5, "grep": "", "wrong": ""}


def test_words_of_a_command():
    assert words("shell -c 'print(1)'") == ["shell", "-c", "print(1)"]
    assert words(["a b", 1]) == ["a b", "1"]
    for command in ("'open", "", []):
        with pytest.raises(AnsibleFilterError):
            words(command)
