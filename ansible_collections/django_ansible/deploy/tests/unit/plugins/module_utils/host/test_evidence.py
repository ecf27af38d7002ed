"""The rule by which a bake judges: exact values, and simulated deploys."""
from __future__ import annotations

import math
import random
import sys

import pytest
from ansible_collections.django_ansible.deploy.plugins.module_utils.host.evidence import (
    BAD, GOOD, LATELY, UNDECIDED, Elsewhere, Lately, Requests, binomial_tail, elsewhere_of, fisher_tail, judge, median,
)


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


def test_a_host_that_became_slow_and_answers_fewer_requests_for_that_is_seen_to_be_slow():
    """Its slow seconds of before are among those with as few requests: beside them it looked almost as ever."""
    before = both(crowded(60, 20, 0.05), crowded(8, 10, 0.15))
    assert elsewhere_of(both(crowded(9, 10, 0.25)), before).slower == pytest.approx(5.0)
    # A crowd takes its time as before.
    assert elsewhere_of(both(crowded(9, 40, 0.3)), both(crowded(60, 20, 0.05), crowded(8, 40, 0.3))).slower == pytest.approx(1.0)
    assert elsewhere_of(both(crowded(9, 40, 0.3)), before).slower is None


QUICK = both(crowded(60, 7, 0.05), crowded(20, 45, 0.09))


@pytest.mark.parametrize(
    ("new", "last", "first", "verdict"),
    [
        # A crowd that came two seconds before traffic moved, and as busy seconds as ever that were quick.
        (crowded(6, 45, 0.24), both(crowded(8, 7, 0.05), crowded(2, 42, 0.25)), 270, UNDECIDED),
        # It had just come.
        (crowded(6, 45, 0.24), both(crowded(9, 7, 0.05), crowded(1, 42, 0.25)), 270, UNDECIDED),
        # It came with the new release, which nobody can know.
        (crowded(6, 45, 0.24), both(crowded(10, 7, 0.05)), 270, BAD),
        # Slow beside that, too.
        (crowded(6, 45, 0.75), both(crowded(8, 7, 0.05), crowded(2, 42, 0.25)), 270, BAD),
        # The crowd has gone, and it is slow.
        (crowded(10, 7, 0.16), both(crowded(5, 7, 0.05), crowded(5, 42, 0.25)), 70, BAD),
        # It says nothing of what comes long after.
        (crowded(20, 45, 0.24), both(crowded(8, 7, 0.05), crowded(2, 42, 0.25)), 270, BAD),
        # The release before was as quick as ever.
        (crowded(10, 7, 0.16), both(crowded(10, 7, 0.05)), 70, BAD),
        # Too few to know.
        (crowded(10, 7, 0.16), both(crowded(2, 7, 0.2)), 70, BAD),
        # What it took makes no release bad.
        (crowded(6, 45, 0.09), both(crowded(8, 7, 0.01), crowded(2, 42, 0.01)), 270, GOOD),
    ],
)
def test_what_the_release_before_took_right_before_excuses_the_first_times(new, last, first, verdict):
    assert judge(both(new), QUICK, least=50)[0] == (GOOD if verdict == GOOD else BAD)
    assert judge(both(new), QUICK, least=50, lately=Lately(last, first))[0] == verdict


def test_a_release_that_comes_after_a_crowd_is_told_of():
    last = both(crowded(8, 7, 0.05), crowded(2, 42, 0.25))
    why = judge(both(crowded(6, 45, 0.24)), QUICK, least=50, lately=Lately(last, 270))[1]
    assert why == "a request in the middle takes 240 ms where it took 90 ms, and took 250 ms in the last 10 s before traffic moved: it is not this release alone"


def test_what_else_excuses_a_release_counts_beside_what_was_taken_right_before():
    new, lately = both(crowded(6, 45, 0.6)), Lately(both(crowded(2, 42, 0.25)), 270)
    assert judge(new, QUICK, least=50, lately=lately)[0] == BAD
    assert judge(new, QUICK, least=50, lately=lately, lost=0.2)[0] == UNDECIDED
    # What other hosts see began before as well: it is not counted twice.
    assert judge(new, QUICK, least=50, lately=lately, elsewhere=[Elsewhere(0, 100, 0, 300, 2.0)])[0] == BAD
    assert judge(new, QUICK, least=50, lately=lately, elsewhere=[Elsewhere(0, 100, 0, 300, 3.5)])[0] == UNDECIDED


FAILING = Requests(30, [0.1] * 100)
BEFORE = Requests(0, [0.1] * 300)


@pytest.mark.parametrize(
    ("new", "elsewhere", "verdict"),
    [
        (FAILING, [Elsewhere(29, 100, 0, 300, None)], UNDECIDED),
        # It fails more than the trouble explains.
        (FAILING, [Elsewhere(8, 100, 0, 300, None)], BAD),
        (FAILING, [Elsewhere(0, 100, 0, 300, None)], BAD),
        # That host always fails so much.
        (FAILING, [Elsewhere(29, 100, 90, 300, None)], BAD),
        # Too few requests to know.
        (FAILING, [Elsewhere(20, 49, 0, 300, None)], BAD),
        # More than half have to be in trouble, so that one of several cannot keep a bad release.
        (FAILING, [Elsewhere(29, 100, 0, 300, None), Elsewhere(0, 100, 0, 300, None)], BAD),
        (FAILING, [Elsewhere(29, 100, 0, 300, None), Elsewhere(0, 100, 0, 300, None), Elsewhere(32, 100, 0, 300, None)], UNDECIDED),
        (FAILING, [Elsewhere(29, 100, 0, 300, None), Elsewhere(0, 9, 0, 300, None)], UNDECIDED),
        (Requests(0, [0.31] * 100), [Elsewhere(0, 100, 0, 300, 3.0)], UNDECIDED),
        (Requests(0, [0.31] * 100), [Elsewhere(0, 100, 0, 300, 1.1)], BAD),
        (Requests(0, [0.31] * 100), [Elsewhere(0, 100, 0, 300, None)], BAD),
        # Thrice as slow as all became.
        (Requests(0, [0.93] * 100), [Elsewhere(0, 100, 0, 300, 3.0)], BAD),
        (Requests(0, [0.31] * 100), [Elsewhere(0, 100, 0, 300, 3.0), Elsewhere(0, 100, 0, 300, 1.0)], BAD),
        (Requests(0, [0.31] * 100), [Elsewhere(0, 100, 0, 300, 3.0), Elsewhere(0, 100, 0, 300, 2.8)], UNDECIDED),
        # What others say makes no release bad.
        (Requests(0, [0.1] * 100), [Elsewhere(0, 100, 30, 300, 0.2)], GOOD),
    ],
)
def test_what_other_hosts_see_at_the_same_time_excuses_a_release(new, elsewhere, verdict):
    assert judge(new, BEFORE, least=50)[0] != UNDECIDED
    assert judge(new, BEFORE, least=50, elsewhere=elsewhere)[0] == verdict


def test_a_release_that_is_excused_is_told_of():
    why = judge(FAILING, BEFORE, least=50, elsewhere=[Elsewhere(29, 100, 0, 300, None)])[1]
    assert why == "30 of 100 requests failed, and so did 29 of 100 to the release before on other hosts: it is not this release alone"
    why = judge(Requests(0, [0.31] * 100), BEFORE, least=50, elsewhere=[Elsewhere(0, 100, 0, 300, 3.0)])[1]
    assert why == "a request in the middle takes 310 ms where it took 100 ms, and the release before takes 3.0 times as long as before on other hosts: it is not this release alone"


def test_a_bad_release_is_told_of_beside_what_other_hosts_see():
    why = judge(FAILING, BEFORE, least=50, elsewhere=[Elsewhere(0, 100, 0, 300, None), Elsewhere(1, 80, 0, 300, None), Elsewhere(9, 9, 0, 300, None)])[1]
    assert why == "30 of 100 requests to the new release failed, before it was 0 of 300, at the same time 1 of 180 to the one before on other hosts"
    why = judge(Requests(0, [0.31] * 100), BEFORE, least=50, elsewhere=[Elsewhere(0, 100, 0, 300, 1.1)])[1]
    assert why == "the new release takes 310 ms for a request in the middle, the one before took 100 ms, and on other hosts takes 1.1 times as long as it did"


@pytest.mark.parametrize(
    ("taken", "lost", "verdict"),
    [
        (0.23, 0.0, (BAD, BAD)),
        # Without what it waited it took 184 ms, and 200 may be.
        (0.23, 0.2, (UNDECIDED, UNDECIDED)),
        # It is slow, and waits besides.
        (0.31, 0.2, (BAD, BAD)),
        # What else waits with it is not known, but where another host says how it does.
        (0.93, 0.3, (UNDECIDED, BAD)),
        (0.93, 0.5, (UNDECIDED, UNDECIDED)),
        # What it waits makes no release bad.
        (0.1, 0.5, (GOOD, GOOD)),
    ],
)
def test_a_processor_that_others_take_excuses_times(taken, lost, verdict):
    alone, beside = (judge(Requests(0, [taken] * 100), BEFORE, least=50, lost=lost, elsewhere=known) for known in ([], [Elsewhere(0, 100, 0, 300, 1.0)]))
    assert (alone[0], beside[0]) == verdict


def test_a_release_that_waits_is_told_of():
    why = judge(Requests(0, [0.31] * 100), BEFORE, least=50, lost=0.5)[1]
    assert why == "a request in the middle takes 310 ms where it took 100 ms, and waits 50 % of that for a processor that others on the same machine have: it is not this release alone"
    why = judge(Requests(0, [0.31] * 100), BEFORE, least=50, lost=0.2)[1]
    assert why == "the new release takes 310 ms for a request in the middle, 20 % of which it waits for a processor that others on the same machine have, the one before took 100 ms"


def test_a_processor_that_others_take_excuses_no_failures():
    assert judge(FAILING, BEFORE, least=50, lost=0.9)[0] == BAD


def test_shares_at_their_ends_are_shares():
    assert judge(FAILING, BEFORE, least=50, tolerated=0)[0] == BAD
    assert judge(FAILING, BEFORE, least=50, tolerated=1)[0] == GOOD


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


def known(seen):
    failed, times, rates = seen
    return Requests(failed, times, None, rates)


def joined(*parts):
    failed, times, rates = zip(*parts)
    return sum(failed), sum(times, []), sum(rates, [])


CROWD = 60  # requests a second


def bake(rng, share, factor=1.0, per_second=20, seconds=30, before=600, share_before=0.002, others=0, trouble=(0.002, 1.0), lost=0.0, crowd_at=None, last=1.0, knows_last=True):
    """One simulated bake: seconds until it is found bad, or None.

    :param others: how many hosts still have the release before.
    :param trouble: share of their requests that fail meanwhile, and how many times as long they take.
    :param lost: share of the time of its requests that it waits for a processor that others have.
    :param crowd_at: seconds after traffic has moved, less than 0 before it, when a crowd comes for 8 s that brings the host to its limit: requests take 3 x as long.
        One of 10 s that came before was answered quickly.
    :param last: how many times as long the release before takes in the last 10 s, as while the new one starts.
    :param knows_last: whether these are known to the rule, as they are.
    """

    def seen(second, share, factor):
        if crowd_at is not None and crowd_at <= second < crowd_at + 8:
            return visitors(rng, 1, CROWD, share, factor * 3)
        return visitors(rng, 1, per_second, share, factor)

    earlier = [visitors(rng, before // per_second - LATELY, per_second, share_before, 1.0), visitors(rng, 10 if crowd_at is not None else 0, CROWD, share_before, 1.0)]
    last_ones = [seen(second, share_before, last) for second in range(-LATELY, 0)]
    old = known(joined(*earlier, *last_ones))
    elsewhere = [(known(visitors(rng, before // per_second, per_second, share_before, 1.0)), []) for _ in range(others)]
    new = []
    for second in range(EVERY, seconds + 1, EVERY):
        new += [seen(one, share, factor / (1 - lost)) for one in range(second - EVERY, second)]
        for _, now in elsewhere:
            now.append(visitors(rng, EVERY, per_second, *trouble))
        lately = Lately(known(joined(*last_ones)), sum(len(times) for _, times, _ in new[:LATELY])) if knows_last else None
        verdict = judge(known(joined(*new)), old, least=50, looks=seconds // EVERY, lately=lately)[0]
        if verdict == BAD:
            told = [elsewhere_of(known(joined(*now)), old_one) for old_one, now in elsewhere]
            verdict = judge(known(joined(*new)), old, least=50, looks=seconds // EVERY, elsewhere=told, lost=lost, lately=lately)[0]
        if verdict == BAD:
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
    # The database is slow, or fails, for all.
    assert [bake(rng, 0.002, factor=3.0, others=2, trouble=(0.002, 3.0)) for _ in range(20)] == [None] * 20
    assert [bake(rng, 0.1, others=2, trouble=(0.1, 1.0)) for _ in range(20)].count(None) >= 18  # of 1,000 it was 97 %
    assert None not in [bake(rng, 0.002, factor=9.0, others=2, trouble=(0.002, 3.0)) for _ in range(20)]
    # Others take the processor.
    assert [bake(rng, 0.002, lost=0.7) for _ in range(40)] == [None] * 40
    assert [bake(rng, 0.002, factor=3.0, lost=0.3) for _ in range(20)] == [None] * 20
    assert None not in [bake(rng, 0.002, factor=3.0, lost=0.2) for _ in range(20)]
    assert None not in [bake(rng, 0.002, factor=3.0, others=2, lost=0.3) for _ in range(20)]
    # A crowd comes.
    assert [bake(rng, 0.002, crowd_at=-2, knows_last=False) for _ in range(20)].count(None) < 10
    assert [bake(rng, 0.002, crowd_at=-2) for _ in range(20)] == [None] * 20
    assert None not in [bake(rng, 0.002, factor=3.0, crowd_at=-2) for _ in range(20)]
    # The release before was slow while the new one started.
    assert None not in [bake(rng, 0.002, factor=3.0, last=1.5, before=3000) for _ in range(20)]


def main():
    """Prints the tables of docs/reliability.md: 10,000 bakes of each kind, or as many as the argument says."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
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
        ("3 x as slow, two other hosts as before", {"share": 0.002, "factor": 3.0, "others": 2}),
        ("fails 5 %, two other hosts as before", {"share": 0.05, "others": 2}),
        ("as good as before, while all three hosts become 3 x as slow", {"share": 0.002, "factor": 3.0, "others": 2, "trouble": (0.002, 3.0)}),
        ("as good as before, while all three hosts fail 10 %", {"share": 0.1, "others": 2, "trouble": (0.1, 1.0)}),
        ("3 x as slow, while all three hosts become 3 x as slow", {"share": 0.002, "factor": 9.0, "others": 2, "trouble": (0.002, 3.0)}),
        ("fails 30 %, while all three hosts fail 10 %", {"share": 0.3, "others": 2, "trouble": (0.1, 1.0)}),
        ("3 x as slow, 4 requests a second", {"share": 0.002, "factor": 3.0, "per_second": 4, "before": 120}),
        ("as good as before, but waits 70 % of its time for a processor that others have", {"share": 0.002, "lost": 0.7}),
        ("3 x as slow, and waits 20 % of its time besides", {"share": 0.002, "factor": 3.0, "lost": 0.2}),
        ("3 x as slow, and waits 40 % of its time besides", {"share": 0.002, "factor": 3.0, "lost": 0.4}),
        ("3 x as slow, and waits 40 % of its time besides, two other hosts as before", {"share": 0.002, "factor": 3.0, "lost": 0.4, "others": 2}),
        ("as good as before, a crowd comes 2 s before traffic moves", {"share": 0.002, "crowd_at": -2}),
        ("the same, were the last seconds before not known", {"share": 0.002, "crowd_at": -2, "knows_last": False}),
        ("as good as before, such a crowd comes in the moment when traffic moves", {"share": 0.002, "crowd_at": 0}),
        ("3 x as slow, such a crowd comes 2 s before traffic moves", {"share": 0.002, "factor": 3.0, "crowd_at": -2}),
        ("3 x as slow, the one before took 1.5 x as long in the last 10 s, and not in 3,000 requests", {"share": 0.002, "factor": 3.0, "last": 1.5, "before": 3000}),
        ("3 x as slow, the one before took 2 x as long in the last 10 s, and not in 6,000 requests", {"share": 0.002, "factor": 3.0, "last": 2.0, "before": 6000}),
    ):
        found = [bake(rng, **options) for _ in range(times)]
        seconds = sorted(second for second in found if second)
        middle = "%d s" % seconds[len(seconds) // 2] if seconds else ""
        print("| %s | %s | %.2f %% | %s |" % (words, options.get("per_second", 20), 100 * len(seconds) / len(found), middle), flush=True)


if __name__ == "__main__":
    main()
