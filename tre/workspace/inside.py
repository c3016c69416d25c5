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


async def main(descriptors: list[int]) -> int:
    """Open the doors, run the commands and return the exit status of the first that ends."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from tre.workspace.forward import forwarder, to_port, to_socket

    told = json.loads(os.environ.pop("TRE_INSIDE"))
    servers = [
        await asyncio.start_server(forwarder(to_socket(door["socket"])), "127.0.0.1", door["port"])
        for door in told["outbound"]
    ]
    for number, door in zip(descriptors, told["inbound"], strict=True):
        listening = socket.socket(fileno=number)
        servers.append(await asyncio.start_unix_server(forwarder(to_port(door["port"])), sock=listening))
    for first in told["firsts"]:
        _begin(first["source"], first["target"])
    running = [
        await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL) for command in told["commands"]
    ]
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    waits = [asyncio.ensure_future(process.wait()) for process in running]
    stopped = asyncio.ensure_future(stop.wait())
    done, _ = await asyncio.wait([*waits, stopped], return_when=asyncio.FIRST_COMPLETED)
    for process in running:
        if process.returncode is None:
            process.terminate()
    if stopped in done:
        await asyncio.wait(waits, timeout=10)
        return 0
    return next(wait.result() for wait in waits if wait in done)


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
