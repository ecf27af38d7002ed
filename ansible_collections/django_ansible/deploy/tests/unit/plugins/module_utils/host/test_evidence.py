"""The rule by which a bake judges: exact values, and simulated deploys."""
from __future__ import annotations

import random

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import BAD, GOOD, UNDECIDED, Requests, binomial_tail, fisher_tail, judge, median


def test_tails_are_exact():
    assert binomial_tail(3, 3, 0.5) == pytest.approx(0.125)
    assert binomial_tail(1, 2, 0.5) == pytest.approx(0.75)
    assert binomial_tail(0, 5, 0.1) == 1
    # Fisher's tea: three of four cups or more.
    assert fisher_tail(3, 4, 1, 4) == pytest.approx(17 / 70)
    assert fisher_tail(4, 4, 0, 4) == pytest.approx(1 / 70)
    assert median([3, 1, 2]) == 2
    assert median([1, 2, 3, 4]) == 2.5


@pytest.mark.parametrize(
    ("new", "old", "verdict", "words"),
    [
        (Requests(0, [0.1] * 100), Requests(0, [0.1] * 100), GOOD, "0 of 100 requests failed"),
        (Requests(0, [0.1] * 9), Requests(0, [0.1] * 100), UNDECIDED, "too few requests came to judge it (9 of 50)"),
        (Requests(30, [0.1] * 100), Requests(0, [0.1] * 300), BAD, "30 of 100 requests to the new release failed, before it was 0 of 300"),
        (Requests(9, [0.1] * 10), Requests(0, []), BAD, "9 of 10 requests to the new release failed"),
        # It failed as often before: that is not the release's doing.
        (Requests(30, [0.1] * 100), Requests(90, [0.1] * 300), GOOD, "30 of 100"),
        # One that fails is no proof.
        (Requests(1, [0.1] * 100), Requests(0, [0.1] * 300), GOOD, "1 of 100"),
        (Requests(0, [0.31] * 100), Requests(0, [0.1] * 300), BAD, "takes 310 ms for a request in the middle, the one before took 100 ms"),
        (Requests(0, [0.19] * 100), Requests(0, [0.1] * 300), GOOD, ""),
        # Thrice as slow, and nobody notices.
        (Requests(0, [0.003] * 100), Requests(0, [0.001] * 300), GOOD, ""),
    ],
)
def test_verdicts(new, old, verdict, words):
    found, why = judge(new, old, least=50)
    assert found == verdict
    assert words in why


EVERY = 3


def bake(rng, share, factor=1.0, per_second=20, seconds=30, before=600, share_before=0.002):
    """One simulated bake: seconds until it is found bad, or None."""
    old = Requests(sum(rng.random() < share_before for _ in range(before)), [rng.lognormvariate(-2.5, 0.6) for _ in range(before)])
    failed, times = 0, []
    for second in range(EVERY, seconds + 1, EVERY):
        for _ in range(per_second * EVERY):
            failed += rng.random() < share
            times.append(rng.lognormvariate(-2.5, 0.6) * factor)
        if judge(Requests(failed, times), old, least=50, looks=seconds // EVERY)[0] == BAD:
            return second
    return None


def test_simulated_deploys():
    """A few of those that docs/reliability.md tells of."""
    rng = random.Random(7)
    assert [bake(rng, 0.002) for _ in range(60)] == [None] * 60
    found = [bake(rng, 0.05) for _ in range(40)]
    assert None not in found
    assert sum(found) / 40 < 15
    slow = [bake(rng, 0.002, factor=3.0) for _ in range(40)]
    assert None not in slow
    assert max(slow) < 15


def main():
    """Prints the table of docs/reliability.md: 10,000 bakes of each kind."""
    rng = random.Random(1)
    for words, options in (
        ("as good as before", {"share": 0.002}),
        ("as good as before, which fails 2 %", {"share": 0.02, "share_before": 0.02}),
        ("as good as before, 1 request a second", {"share": 0.002, "per_second": 1, "before": 60}),
        ("fails 2 %", {"share": 0.02}),
        ("fails 5 %", {"share": 0.05}),
        ("fails 5 %, 2 requests a second", {"share": 0.05, "per_second": 2, "before": 120}),
        ("fails 20 %, 2 requests a second", {"share": 0.2, "per_second": 2, "before": 120}),
        ("1.5 x as slow", {"share": 0.002, "factor": 1.5}),
        ("3 x as slow", {"share": 0.002, "factor": 3.0}),
        ("3 x as slow, 4 requests a second", {"share": 0.002, "factor": 3.0, "per_second": 4, "before": 120}),
    ):
        found = [bake(rng, **options) for _ in range(10000)]
        seconds = sorted(second for second in found if second)
        middle = "%d s" % seconds[len(seconds) // 2] if seconds else ""
        print("| %s | %s | %.2f %% | %s |" % (words, options.get("per_second", 20), 100 * len(seconds) / len(found), middle), flush=True)


if __name__ == "__main__":
    main()
