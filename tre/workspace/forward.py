"""Carries bytes between two streams. Used on both sides of a sandbox's wall; standard library alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

_CHUNK = 64 * 1024
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]


def forwarder(connect: Connect) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """Return what a server does with each caller: connect onwards and carry bytes both ways until either ends.

    A caller who comes before the other side is ready is hung up on.
    """

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there_reader, there_writer = await connect()
        except OSError:
            writer.close()
            return
        try:
            await asyncio.gather(_pump(reader, there_writer), _pump(there_reader, writer))
        finally:
            writer.close()
            there_writer.close()

    return carry


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one direction; its end is passed on, so that the other direction may still finish."""
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
    except (OSError, RuntimeError):  # either side hung up
        writer.close()


def to_port(port: int) -> Connect:
    """Return how to connect to a port of the loopback."""
    return to_host("127.0.0.1", port)


def to_host(address: str, port: int) -> Connect:
    """Return how to connect to a port of an address."""
    return lambda: asyncio.open_connection(address, port)


def to_socket(path: str) -> Connect:
    """Return how to connect to a Unix socket."""
    return lambda: asyncio.open_unix_connection(path)
