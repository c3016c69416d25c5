"""Damaged files for every reader, for as long as is asked: `make fuzz SECONDS=600`.

The tests damage a few hundred files; this goes on under other seeds, by the same changes and the same promise, and ends
at the first file that breaks it. Readers in C and C++ are asked in their worker, as they are in the product.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.property.test_readers_hold import CHANGES, NATIVE, OPEN, check_holds, check_who_asks_holds

Change = tuple[str, float, object]
# How many files of a round are read here, and how many in a worker, which takes a second to start.
_HERE, _IN_WORKER = 200, 5


def fuzz(seconds: float) -> Counter[str]:
    """Damage files until the time is over, and return how many of each kind there were."""
    told: Counter[str] = Counter()
    until, number = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        _round(number, OPEN, check_holds, _HERE, told)
        _round(number, NATIVE, check_who_asks_holds, _IN_WORKER, told)
        number += 1
    return told


def _round(
    number: int, kinds: Sequence[str], check: Callable[[str, list[Change]], None], examples: int, told: Counter[str]
) -> None:
    @seed(number)
    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.sampled_from(kinds), CHANGES)
    def damage(kind: str, changes: list[Change]) -> None:
        told[kind] += 1
        check(kind, changes)

    damage()


if __name__ == "__main__":
    counts = fuzz(float(sys.argv[1]))
    print(f"{sum(counts.values()):,} damaged files, none broke a reader")
    print("\n".join(f"  {kind:<16}{count:>8,}" for kind, count in sorted(counts.items())))
