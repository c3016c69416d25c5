"""The first program of a sandbox: opens its side of the doors, runs the commands, and ends when any of them ends.

It is run as a file by an isolated interpreter, so that nothing in the home folder can take its place. What to do
comes in the environment variable ``TRE_INSIDE``, which the commands do not inherit.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tre.workspace.latecomer import Latecomer


async def main(descriptors: list[int]) -> int:
    """Open the doors, run the commands and return the exit status of the first that ends."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tre.workspace.forward import forwarder, to_port, to_socket
    from tre.workspace.latecomer import Latecomer

    told = json.loads(os.environ.pop("TRE_INSIDE"))
    later = [(each.pop("command"), Latecomer(**each)) for each in told["later"]]
    called = {latecomer.port: latecomer.connect for _, latecomer in later}
    servers = [
        await asyncio.start_server(forwarder(to_socket(door["socket"])), "127.0.0.1", door["port"])
        for door in told["outbound"]
    ]
    for number, door in zip(descriptors, told["inbound"], strict=True):
        listening = socket.socket(fileno=number)
        connect = called.get(door["port"], to_port(door["port"]))
        servers.append(await asyncio.start_unix_server(forwarder(connect), sock=listening))
    for first in told["firsts"]:
        _begin(first["source"], first["target"])
    return await _run(told["commands"], later)


async def _run(commands: list[list[str]], later: list[tuple[list[str], Latecomer]]) -> int:
    running = [await _start(command) for command in commands]

    async def come(command: list[str], latecomer: Latecomer) -> int:
        await latecomer.due()
        running.append(await _start(command))
        return await running[-1].wait()

    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waits = [asyncio.ensure_future(process.wait()) for process in running]
    waits += [asyncio.ensure_future(come(*each)) for each in later]
    stopped = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait([*waits, stopped], return_when=asyncio.FIRST_COMPLETED)
    for process in running:
        if process.returncode is None:
            process.terminate()
    if stopped in done:
        await asyncio.wait([asyncio.ensure_future(process.wait()) for process in running], timeout=10)
        return 0
    return next(wait.result() for wait in waits if wait in done)


async def _start(command: list[str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)


def _begin(source: str, target: str) -> None:
    """Copy a file to its place, whole or not at all, unless something stands there.

    Whatever stands in the folder was put there by this very user. Where it is in the way, the commands say so.
    """
    if os.path.lexists(target):
        return
    try:
        with tempfile.NamedTemporaryFile(dir=os.path.dirname(target), prefix=".first-", delete=False) as staged:
            staged.write(Path(source).read_bytes())
        os.link(staged.name, target)
        os.unlink(staged.name)
    except OSError as error:
        print(f"{target}: {error.strerror}", file=sys.stderr)


if __name__ == "__main__":
    handed = [int(number) for number in sys.argv[1].split(",") if number]
    raise SystemExit(asyncio.run(main(handed)))
