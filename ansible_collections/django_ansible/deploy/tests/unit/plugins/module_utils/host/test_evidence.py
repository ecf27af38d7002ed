"""The rule by which a bake judges: exact values, and simulated deploys."""
from __future__ import annotations

import math
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


def crowded(seconds, rate, time):
    """So many seconds of *rate* requests, each of which takes so long."""
    return [time] * seconds * rate, [rate] * seconds * rate


def both(*sides):
    times, rates = zip(*sides)
    return Requests(0, sum(times, []), None, sum(rates, []))


def test_a_crowd_that_comes_at_the_wrong_moment_is_not_the_releases_doing():
    quiet = both(crowded(60, 7, 0.05))
    crowd = both(crowded(3, 7, 0.05), crowded(6, 40, 0.3))
    assert judge(crowd, quiet, least=50) == (GOOD, "0 of 261 requests failed, and how long they took was not compared, since many more came at once than before")
    # With such crowds before, their times are known.
    known = both(crowded(60, 7, 0.05), crowded(10, 40, 0.28))
    assert judge(crowd, known, least=50) == (GOOD, "0 of 261 requests failed")
    assert judge(both(crowded(9, 7, 0.05), crowded(6, 40, 0.9)), known, least=50)[0] == BAD


def test_a_slow_release_is_found_among_crowds():
    known = both(crowded(60, 7, 0.05), crowded(30, 40, 0.28))
    found, why = judge(both(crowded(10, 6, 0.16)), known, least=50)
    assert (found, why) == (BAD, "the new release takes 160 ms for a request in the middle, the one before took 50 ms")


EVERY = 3


def crowd(rng, per_second):
    """How many come in a second when each comes by chance."""
    left, count = math.exp(-per_second), 0
    chance = rng.random()
    while chance > left:
        chance *= rng.random()
        count += 1
    return count


def visitors(rng, seconds, per_second, share, factor):
    """Requests of so many seconds: how many of them failed, times, and how many came in the second of each."""
    failed, times, rates = 0, [], []
    for count in [crowd(rng, per_second) for _ in range(seconds)]:
        failed += sum(rng.random() < share for _ in range(count))
        times += [rng.lognormvariate(-2.5, 0.6) * factor for _ in range(count)]
        rates += [count] * count
    return failed, times, rates


def bake(rng, share, factor=1.0, per_second=20, seconds=30, before=600, share_before=0.002):
    """One simulated bake: seconds until it is found bad, or None."""
    failed, times, rates = visitors(rng, before // per_second, per_second, share_before, 1.0)
    old = Requests(failed, times, None, rates)
    failed, times, rates = 0, [], []
    for second in range(EVERY, seconds + 1, EVERY):
        more = visitors(rng, EVERY, per_second, share, factor)
        failed, times, rates = failed + more[0], times + more[1], rates + more[2]
        if judge(Requests(failed, times, None, rates), old, least=50, looks=seconds // EVERY)[0] == BAD:
            return second
    return None


def test_simulated_deploys():
    """A few of those that docs/reliability.md tells of."""
    rng = random.Random(7)
    assert [bake(rng, 0.002) for _ in range(60)] == [None] * 60
    found = [bake(rng, 0.05) for _ in range(40)]
    assert found.count(None) <= 2
    assert sum(filter(None, found)) / 40 < 15
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
