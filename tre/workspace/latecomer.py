"""A command of a sandbox that leaves the machine to another at the start. Standard library alone: it runs inside."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from tre.workspace.forward import Streams, to_port

_LOOK_SECONDS = 0.2
_CALLER_SECONDS = 120.0  # so long is a caller kept at the door while the command comes up


@dataclass
class Latecomer:
    """When a command starts: as soon as somebody calls it, or else when what goes first has had its time.

    Parameters
    ----------
    port : int
        Its own, inside.
    after : int
        The port of what goes first.
    again : float
        How often, once that port listens, it waits for as long again as that took: a busy machine needs longer for all.
    within : float
        Seconds after which it starts in any case.
    """

    port: int
    after: int
    again: float
    within: float
    _called: asyncio.Event = field(default_factory=asyncio.Event)

    async def due(self) -> None:
        """Wait until the command is to start."""
        waits = [asyncio.ensure_future(each) for each in (self._called.wait(), self._first_answers())]
        try:
            await asyncio.wait(waits, timeout=self.within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()

    async def connect(self) -> Streams:
        """Call for the command, wait until it listens, and connect to it.

        Raises
        ------
        OSError
            When it does not come.
        """
        self._called.set()
        deadline = time.monotonic() + _CALLER_SECONDS
        while True:
            try:
                return await to_port(self.port)()
            except OSError:
                if time.monotonic() > deadline:
                    raise
            await asyncio.sleep(_LOOK_SECONDS)

    async def _first_answers(self) -> None:
        began = time.monotonic()
        while not await _listens(self.after):
            await asyncio.sleep(_LOOK_SECONDS)
        await asyncio.sleep(self.again * (time.monotonic() - began))


async def _listens(port: int) -> bool:
    try:
        _, writer = await to_port(port)()
    except OSError:
        return False
    writer.close()
    return True
