"""What a page may show of a count. Pure; no I/O.

The threshold is ACRO's and the rounding OpenSAFELY's (suppress small counts, then round to 5): two pages, or two
versions of one, cannot be subtracted to tell of a person. What a page cannot show it says so.
"""

from __future__ import annotations

THRESHOLD = 10
BASE = 5
SUPPRESSED = f"fewer than {THRESHOLD}"


def shown(count: int, threshold: int = THRESHOLD, base: int = BASE) -> int | None:
    """Return a count as it may be shown, rounded; None when it is too small. A small count and none look alike.

    Parameters
    ----------
    threshold, base : int
        The least that may be shown, and to what it is rounded; where a profile asks for more than these pages do.
    """
    return None if count < threshold else _rounded(count, base)


def told(count: int, threshold: int = THRESHOLD, base: int = BASE) -> str:
    """Return a count as text for a page; see :func:`shown`."""
    kept = shown(count, threshold, base)
    return f"fewer than {threshold}" if kept is None else f"about {kept:,}"


def share(numerator: int, denominator: int) -> float | None:
    """Return the share as a percentage that may be shown; None when too few were asked, or too few were as they should.

    Both counts are rounded first. Fewer lacks than :data:`THRESHOLD` count as none, so that 100 means almost all.
    """
    lacks = denominator - numerator
    if denominator < THRESHOLD or numerator < THRESHOLD:
        return None
    if lacks < THRESHOLD:
        return 100.0
    return round(100 * (1 - _rounded(lacks) / _rounded(denominator)), 1)


def _rounded(count: int, base: int = BASE) -> int:
    return base * ((count + base // 2) // base)
