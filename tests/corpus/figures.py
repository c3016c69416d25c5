"""Counts what was caught: the figures that documentation and tests hold inspection to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.corpus.judge import Judged


@dataclass(frozen=True)
class Tally:
    """Of so many leaks, how many were caught at all, and how many for the right reason."""

    leaks: int
    caught: int
    rightly: int

    @property
    def recall(self) -> float:
        """The share of leaks that is caught for the right reason; 1 of none."""
        return self.rightly / self.leaks if self.leaks else 1.0

    @property
    def caught_share(self) -> float:
        """The share of leaks that is caught at all; 1 of none."""
        return self.caught / self.leaks if self.leaks else 1.0


@dataclass(frozen=True)
class Fairness:
    """Of so many clean files, how many were judged worse than is fair."""

    clean: int
    unfair: int

    @property
    def rate(self) -> float:
        """The rate of false positives; 0 of none."""
        return self.unfair / self.clean if self.clean else 0.0


def tally(judged: Iterable[Judged]) -> Tally:
    """Return the tally of the leaks among what was judged."""
    leaks = [each for each in judged if each.item.leak]
    return Tally(len(leaks), sum(each.caught for each in leaks), sum(each.rightly for each in leaks))


def fairness(judged: Iterable[Judged]) -> Fairness:
    """Return how the clean files among what was judged fared."""
    clean = [each for each in judged if not each.item.leak]
    return Fairness(len(clean), sum(each.unfair for each in clean))


def grouped(judged: Iterable[Judged], by: Callable[[Judged], str]) -> dict[str, list[Judged]]:
    """Return what was judged by a name, in the names' order."""
    found: defaultdict[str, list[Judged]] = defaultdict(list)
    for each in judged:
        found[by(each)].append(each)
    return dict(sorted(found.items(), key=lambda pair: pair[0].lower()))
