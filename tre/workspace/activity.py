"""Says whether a workspace is in use, as the platform sees it, and tells the portal so with what the kernel measured.

It stands with the gate, outside the sandbox. In use means that its signed-in person's browser is connected through the
gate, or that its processes compute, by the kernel's own count. What a notebook says of itself is not asked: it could
say that it is busy for ever.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import httpx

from tre.workspace.limits import Used

TELL_SECONDS = 60.0
# Of one processor's time: an idle JupyterLab with a few idle kernels takes about a hundredth.
_COMPUTES = 0.05


@dataclass
class Activity:
    """The activity of one workspace.

    Parameters
    ----------
    client : httpx.AsyncClient
    address : str
        Where the portal is told.
    token : str
        The workspace's token at the portal.
    measure : callable
        Returns what the sandbox has used since it began.
    clock : callable
        Returns seconds that only grow.
    """

    client: httpx.AsyncClient
    address: str
    token: str
    measure: Callable[[], Used]
    clock: Callable[[], float] = time.monotonic
    _seen: float = field(init=False)
    _measured: tuple[float, float] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self.clock()
        self._measured = (self._seen, self.measure().processor_seconds)

    def noticing(self, allowed: Callable[[int], Awaitable[bool]]) -> Callable[[int], Awaitable[bool]]:
        """Return the gate's question whether bytes may pass, noticing that it is put.

        The gate puts it for somebody who is signed in and nobody else, at each request, and again and again for as long
        as a WebSocket is open.
        """

        async def noticed(count: int) -> bool:
            self._seen = self.clock()
            return await allowed(count)

        return noticed

    async def keep_telling(self) -> None:
        """Tell the portal at once and then each minute, until cancelled."""
        while True:
            await self.tell()
            await asyncio.sleep(TELL_SECONDS)

    async def tell(self) -> None:
        """Tell the portal what was used, and for how long nobody worked here; if it is away, the next time."""
        used = self.measure()
        self._look(used)
        told = {
            "processor_seconds": used.processor_seconds,
            "memory_peak": used.memory_peak,
            "idle_seconds": self.clock() - self._seen,
        }
        try:
            await self.client.post(self.address, json=told, headers={"Authorization": f"Bearer {self.token}"})
        except httpx.TransportError:
            return

    def _look(self, used: Used) -> None:
        now = self.clock()
        before, seconds = self._measured
        if used.processor_seconds - seconds > _COMPUTES * max(now - before, 1.0):
            self._seen = now
        self._measured = (now, used.processor_seconds)
