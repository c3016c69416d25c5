"""Counts what a workspace sends to a browser, tells the portal, and stops it at the day's ceiling.

It stands with the gate, outside the sandbox. Between two answers of the portal it counts on by itself, so that a portal
that is away neither loses a byte nor lets more pass than was left. It tells the whole count each time, not what was
added: told twice, because an answer was lost, nothing is counted twice.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import httpx

_TELL_SECONDS = 5.0
_AGAIN_SECONDS = 0.5
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
    _sent: int = 0
    _told: int = 0  # of them the portal knows
    _left: int | None = None
    _closed: bool = False
    _telling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def allowed(self, count: int) -> bool:
        """Return whether bytes may be sent, and count them when they may; what is refused is not counted.

        What reaches the ceiling is the last that passes, so that the portal's count reaches it too.
        """
        if self._left is None or self._untold + count >= _TELL_BYTES:
            await self.tell()
        if self._closed or self._left is None or self._untold >= self._left:
            return False
        self._sent += count
        return True

    @property
    def _untold(self) -> int:
        return self._sent - self._told

    async def keep_telling(self) -> None:
        """Tell the portal every few seconds, until cancelled."""
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            if self._untold or not self._left:  # the next day has its own ceiling
                await self.tell()

    async def settle(self) -> None:
        """Let nothing pass any more, and tell the portal what passed until it has taken it."""
        self._closed = True
        await self.tell()
        while self._untold:
            await asyncio.sleep(_AGAIN_SECONDS)
            await self.tell()

    async def tell(self) -> None:
        """Tell the portal how much was sent, and learn how much is left."""
        async with self._telling:
            sent = self._sent
            headers = {"Authorization": f"Bearer {self.token}"}
            try:
                answer = await self.client.post(self.address, json={"sent": sent}, headers=headers)
                left = answer.json()["left"] if answer.status_code == httpx.codes.OK else None
            except (httpx.TransportError, ValueError, KeyError, TypeError):
                return  # it is told the next time
            if isinstance(left, int):
                self._told, self._left = max(self._told, sent), left
