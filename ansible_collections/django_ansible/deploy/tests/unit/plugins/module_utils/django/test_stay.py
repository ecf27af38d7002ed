"""What is said of migrations that were applied before one failed."""
from __future__ import annotations

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.django.migrations import stay


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], ""),
        (["shop.0001"], " (applied before that, and left so: shop.0001)"),
        (["a.%d" % number for number in range(8)], " (applied before that, and left so: a.0, a.1, a.2, a.3, a.4 and 3 more)"),
    ],
)
def test_they_are_named_as_far_as_a_sentence_holds(names, words):
    assert stay(names) == words
