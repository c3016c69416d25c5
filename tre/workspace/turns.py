"""Turns: only so many workspaces start at the same moment, and who comes later waits in the order of coming.

A start takes a processor for some seconds. Of many at once none would be ready before nearly all are; in turns the
first are there as soon as if they were alone, and the last no later.
"""

from __future__ import annotations

import asyncio


class Turns:
    """So many turns at once.

    Parameters
    ----------
    most : int
    """

    def __init__(self, most: int) -> None:
        self._free = asyncio.Semaphore(most)
        self._waiting: list[object] = []

    async def take(self, who: object) -> None:
        """Wait for a turn and take it; whoever is cancelled meanwhile has left the queue."""
        self._waiting.append(who)
        try:
            await self._free.acquire()
        finally:
            self._waiting.remove(who)

    def leave(self) -> None:
        """Give a turn back."""
        self._free.release()

    def place(self, who: object) -> int:
        """Return the place of somebody who waits, 1 for the next; 0 of who does not wait."""
        return self._waiting.index(who) + 1 if who in self._waiting else 0
