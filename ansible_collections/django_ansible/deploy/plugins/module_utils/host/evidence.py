# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Whether a new release answers worse than the one before, judged from few requests. Pure: counts and times in, a verdict out.

Two exact tests, each of which has to be surer than :data:`ALPHA` divided by the number of looks, so that looking often makes no false alarm likelier.

- Failures (5xx): bad when they are more than the tolerated share explains (binomial), and more than the requests before explain (Fisher).
- Times: bad when the new median is more than :data:`SLOWER` times the old one (a sign test against that multiple). A request waits for others when many
  come at once, whoever answers: each is compared with those of before that came in seconds as busy as its own.

What is bad by that may have another cause, such as a database that is slow: hosts that still have the release before are in the same trouble then. More than
half of those that say what they see have to be, so that one of several cannot keep a bad release, and what they say never makes a release bad. Nor does
it make a release bad that others on the same machine took the processor: requests may take as much longer as that explains. Where it is much of their time,
queues and what a database waits are more than the rest, and nothing is said of times.

How many requests wait is in no log, and a host at its limit may take long for as many as it answered quickly at other times. So what the release before took
in the last seconds before traffic moved counts as well, for as many seconds after. Not for longer: a release that starts may slow the one before, on a small host.
"""
from __future__ import annotations

import math
from collections.abc import Callable, Sequence

ALPHA = 0.001  # of a false alarm in one bake, for each of the two tests
TOLERATED = 0.005  # share of requests that may fail whatever was before
SLOWER = 2.0
NOTICEABLE = 0.02  # seconds that a median has to be longer by
HINT = 0.05  # of an accident that failures of another host are, for which they still count as trouble there
ENOUGH = 50  # requests of another host without which nobody knows whether it became slower
# Shares of the time of requests, waited for a processor that others have, from which on times are not judged: with no other host to compare with, and with one.
MUCH_LOST, MOST_LOST = 0.25, 0.5
LATELY = 10  # seconds before traffic moved that tell what requests take just now, and after it for which they do
FEW = 20  # requests of these without which they tell nothing
AS_BUSY = 0.7  # share that a second has of the requests of another one, or more, where both are about as busy

GOOD, BAD, UNDECIDED = "good", "bad", "undecided"


def binomial_tail(hits: int, tries: int, share: float) -> float:
    """How likely *hits* or more of *tries* are when each is one with the probability *share*."""
    if hits <= 0 or share >= 1:
        return 1.0
    if share <= 0:
        return 0.0
    return min(1.0, math.fsum(math.exp(_log_choose(tries, k) + k * math.log(share) + (tries - k) * math.log1p(-share)) for k in range(hits, tries + 1)))


def fisher_tail(hits: int, tries: int, other_hits: int, other_tries: int) -> float:
    """How likely *hits* or more of all hits fall among *tries* when both groups are alike."""
    everything, all_hits = tries + other_tries, hits + other_hits
    log_all = _log_choose(everything, all_hits)
    most = min(tries, all_hits)
    return min(1.0, math.fsum(math.exp(_log_choose(tries, k) + _log_choose(other_tries, all_hits - k) - log_all) for k in range(hits, most + 1)))


def _log_choose(n: int, k: int) -> float:
    if k < 0 or k > n:
        return -math.inf
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def median(values: list[float]) -> float:
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


class Requests:
    """What was seen of one side: how many requests, how many failed, how long the application took for each (seconds).

    :param rates: of each of the times, how many requests were answered in the same second; without them all seconds count as equally busy.
    """

    def __init__(self, failed: int, times: list[float], count: int | None = None, rates: list[int] | None = None) -> None:
        self.failed = failed
        self.times = times
        self.count = len(times) if count is None else count
        self.rates = rates or [0] * len(times)
        self._medians: dict[tuple[float, float, int], float | None] = {}

    def split(self, first: int) -> tuple[Requests, Requests]:
        """The times of the *first* ones and those of the rest."""
        return Requests(0, self.times[:first], None, self.rates[:first]), Requests(0, self.times[first:], None, self.rates[first:])

    def usual(self, rate: int, least: int) -> float | None:
        """The median in seconds that were about as busy; where those had fewer than *least* requests, in all that were so or busier; None when these had."""
        alike = self._median(AS_BUSY * rate, rate / AS_BUSY, least)
        return self._median(AS_BUSY * rate, math.inf, least) if alike is None else alike

    def lowest(self, rate: int, least: int) -> float | None:
        """The lower one of the two. A host that is slow answers fewer requests, so its slowest seconds are among the least busy ones, and busier ones tell what it can."""
        known = [self._median(AS_BUSY * rate, most, least) for most in (rate / AS_BUSY, math.inf)]
        return min((found for found in known if found is not None), default=None)

    def _median(self, fewest: float, most: float, least: int) -> float | None:
        key = fewest, most, least
        if key not in self._medians:
            alike = [time for time, rate in zip(self.times, self.rates) if fewest <= rate <= most]
            self._medians[key] = median(alike) if len(alike) >= least else None
        return self._medians[key]


def compared(new: Requests, usual: Callable[[int, int], float | None], least: int) -> list[tuple[float, float]]:
    """The times of new requests, each with what was usual before in seconds as busy; without those for which nothing is known."""
    known = {rate: usual(rate, least) for rate in set(new.rates)}
    pairs = [(time, known.get(rate)) for time, rate in zip(new.times, new.rates)]
    return [(time, before) for time, before in pairs if before is not None]


class Lately:
    """What the release before took in the last :data:`LATELY` seconds before traffic moved.

    :param first: how many of the times of the new release are of as many seconds after.
    """

    def __init__(self, last: Requests, first: int) -> None:
        self.last, self.first = last, first

    def compared(self, new: Requests, old: Requests, least: int) -> list[tuple[float, float]]:
        """As :func:`compared`, each of the first times with the longer one of what was usual and what was taken right before in seconds as busy."""

        def longer(rate: int, enough: int) -> float | None:
            usual = old.usual(rate, enough)
            return None if usual is None else max(usual, self.last.usual(rate, FEW) or 0.0)

        first, rest = new.split(self.first)
        return compared(first, longer, least) + compared(rest, old.usual, least)


class Elsewhere:
    """What a host saw in the same time that still has the release before.

    :param slower: how many times as long its requests take as was usual in seconds as busy; None when that is not known.
    """

    def __init__(self, failed: int, count: int, failed_before: int, count_before: int, slower: float | None) -> None:
        self.failed, self.count, self.failed_before, self.count_before, self.slower = failed, count, failed_before, count_before, slower


def elsewhere_of(now: Requests, before: Requests) -> Elsewhere:
    """The same of the host that sees it."""
    pairs = compared(now, before.lowest, ENOUGH)
    slower = median([time / max(usual, 0.001) for time, usual in pairs]) if len(pairs) >= ENOUGH else None
    return Elsewhere(now.failed, now.count, before.failed, before.count, slower)


def more_fail(failed: int, count: int, failed_before: int, count_before: int, limit: float, tolerated: float) -> bool:
    """Whether more fail than may, and than did before."""
    return failed > 0 and binomial_tail(failed, count, tolerated) < limit and (not count_before or fisher_tail(failed, count, failed_before, count_before) < limit)


def judge(
    new: Requests, old: Requests, least: int, looks: int = 1, tolerated: float = TOLERATED, slower: float = SLOWER, elsewhere: Sequence[Elsewhere] = (), lost: float = 0.0,
    lately: Lately | None = None,
) -> tuple[str, str]:
    """The verdict and why, in words.

    :param least: requests without which nothing is decided.
    :param looks: how often this is asked in all.
    :param tolerated: share of requests that may fail.
    :param slower: how many times as long as before requests may take.
    :param elsewhere: other hosts, of which those count that had as many requests.
    :param lost: share of the time of the new requests in which they waited for a processor that others had.
    :param lately: what was taken right before.
    """
    limit, others = ALPHA / looks, [host for host in elsewhere if host.count >= least]
    if more_fail(new.failed, new.count, old.failed, old.count, limit, tolerated):
        alike = [
            host for host in others
            if more_fail(host.failed, host.count, host.failed_before, host.count_before, HINT, tolerated) and fisher_tail(new.failed, new.count, host.failed, host.count) >= limit
        ]
        if 2 * len(alike) > len(others):
            seen = (new.failed, new.count, sum(host.failed for host in alike), sum(host.count for host in alike))
            return UNDECIDED, "%d of %d requests failed, and so did %d of %d to the release before on other hosts: it is not this release alone" % seen
        before = ", before it was %d of %d" % (old.failed, old.count) if old.count else ""
        beside = ", at the same time %d of %d to the one before on other hosts" % (sum(host.failed for host in others), sum(host.count for host in others)) if others else ""
        return BAD, "%d of %d requests to the new release failed%s%s" % (new.failed, new.count, before, beside)
    pairs = compared(new, old.usual, least)
    late = lately.compared(new, old, least) if lately else pairs
    slow = judge_times(pairs, late, others, slower, limit, lost) if len(pairs) >= least else None
    if slow:
        return slow
    if new.count < least:
        return UNDECIDED, "too few requests came to judge it (%d of %d)" % (new.count, least)
    untold = ", and how long they took was not compared, since many more came at once than before" if len(new.times) >= least <= len(old.times) and len(pairs) < least else ""
    return GOOD, "%d of %d requests failed%s" % (new.failed, new.count, untold)


def judge_times(
    pairs: list[tuple[float, float]], late: list[tuple[float, float]], others: list[Elsewhere], slower: float, limit: float, lost: float
) -> tuple[str, str] | None:
    """The verdict on times that surely are longer, and why; None when they are not.

    :param late: the same times, each with what may be expected of it just now.
    """
    if not takes_longer(pairs, slower, limit):
        return None
    (times, before), just_now = (median(list(side)) * 1000 for side in zip(*pairs)), median([expected for _, expected in late]) * 1000
    known = sorted(host.slower for host in others if host.slower is not None)
    factor = known[(len(known) - 1) // 2] if known else 1.0
    became, alone = "a request in the middle takes %d ms where it took %d ms" % (times, before), "it is not this release alone"
    if not takes_longer(late, slower, limit):
        return UNDECIDED, "%s, and took %d ms in the last %d s before traffic moved: %s" % (became, just_now, LATELY, alone)
    beside_others = [(time, max(usual * factor, expected)) for (time, usual), (_, expected) in zip(pairs, late)]
    if factor > 1 and not takes_longer(beside_others, slower, limit):
        return UNDECIDED, "%s, and the release before takes %.1f times as long as before on other hosts: %s" % (became, factor, alone)
    if lost >= (MOST_LOST if known else MUCH_LOST) or not takes_longer([(time * (1 - lost), expected) for time, expected in late], slower, limit):
        return UNDECIDED, "%s, and waits %d %% of that for a processor that others on the same machine have: %s" % (became, round(100 * lost), alone)
    beside = ", and on other hosts takes %.1f times as long as it did" % factor if known else ""
    waits = ", %d %% of which it waits for a processor that others on the same machine have" % round(100 * lost) if lost >= 0.01 else ""
    return BAD, "the new release takes %d ms for a request in the middle%s, the one before took %d ms%s" % (times, waits, before, beside)


def takes_longer(pairs: list[tuple[float, float]], slower: float, limit: float) -> bool:
    """Whether half of the times or more are surely above *slower* times what is usual for them."""
    over = sum(time > max(usual * slower, usual + NOTICEABLE) for time, usual in pairs)
    return binomial_tail(over, len(pairs), 0.5) < limit
