"""Counts what a workspace sends to a browser, tells the portal, and stops it at the day's ceiling.

It stands with the gate, outside the sandbox. Between two answers of the portal it counts on by itself, so that a portal
that is away neither loses a byte nor lets more pass than was left.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

_TELL_SECONDS = 5.0
_TELL_BYTES = 4 * 1024 * 1024


@dataclass
class Meter:
    """The count of one workspace.

    Parameters
    ----------
    client : httpx.AsyncClient
    address : str
        Where the portal takes the count.
    token : str
        The workspace's token at the portal.
    """

    client: httpx.AsyncClient
    address: str
    token: str
    _untold: int = 0
    _left: int | None = None
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def allowed(self, count: int) -> bool:
        """Count bytes that are about to be sent, and return whether they may be."""
        self._untold += count
        if self._left is None or self._untold >= _TELL_BYTES:
            await self.tell()
        return self._left is not None and self._left > 0 and self._untold <= self._left

    async def keep_telling(self) -> None:
        """Tell the portal every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            if self._untold or not self._left:  # the next day has its own ceiling
                await self.tell()

    async def tell(self) -> None:
        """Tell the portal what was sent since it was told last, and learn how much is left."""
        async with self._telling:
            told = self._untold
            headers = {"Authorization": f"Bearer {self.token}"}
            try:
                answer = await self.client.post(self.address, json={"bytes": told}, headers=headers)
                left = answer.json()["left"] if answer.status_code == httpx.codes.OK else None
            except (httpx.TransportError, ValueError, KeyError, TypeError):
                return  # it is told the next time
            if isinstance(left, int):
                self._untold -= told
                self._left = left
