"""Pauses between attempts at what keeps failing: none at first, then longer and longer."""

from __future__ import annotations


class Pauses:
    """Counts attempts and says how long to wait for the next.

    Parameters
    ----------
    most : float
        The longest pause, in seconds.
    steady : float
        Seconds that an attempt must last for the next failure to count as the first.
    """

    def __init__(self, most: float = 60.0, steady: float = 60.0) -> None:
        self._most, self._steady, self._failures = most, steady, 0

    def after(self, lasted: float) -> float:
        """Return how many seconds to wait, now that an attempt has failed which lasted so many.

        0, 1, 2, 4 and so on, up to the longest.
        """
        if lasted >= self._steady:
            self._failures = 0
        self._failures += 1
        return 0.0 if self._failures == 1 else min(2.0 ** (self._failures - 2), self._most)
