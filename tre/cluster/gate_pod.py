"""The gate and the door of one workspace in a pod of their own, where the notebook's cannot reach but by them.

On one machine the launcher keeps both (:mod:`tre.workspace.launch`). The containers of one pod share its network, so
here they stand in another pod, in another namespace, and what reaches whom is a NetworkPolicy's
(:mod:`tre.cluster.doors`). When the workspace is closed, or its person may no longer work in it, this process ends:
then there is no way in and none out, and the Hub ends the notebook when it next looks.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from tre.cluster.doors import DOOR_PORT, GATE_PORT, NOTEBOOK_PORT
from tre.workspace.door import door
from tre.workspace.forward import to_host
from tre.workspace.gate import Gate
from tre.workspace.gate_sign_in import Public, SignIns
from tre.workspace.hub_door import Server
from tre.workspace.meter import Meter

_LOOK_SECONDS = 2.0
_GRACE_SECONDS = 12.0
_EVERYWHERE = "0.0.0.0"  # noqa: S104 - the pod's own network, whose policy says who calls
_CLOSED = (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN)


async def run(told: Mapping[str, Any]) -> None:
    """Keep the gate and the door until the workspace is closed or a signal asks to stop.

    Parameters
    ----------
    told : mapping
        ``server``, ``public``, ``portal``, ``token`` and ``opened``, as a sandbox's ``api_door`` has them, and the
        ``notebook``'s address.
    """
    server, portal, token = Server(**told["server"]), told["portal"], told["token"]
    application = door(server, portal, token, told["opened"])
    config = uvicorn.Config(
        application, host=_EVERYWHERE, port=DOOR_PORT, log_level="warning", access_log=False, lifespan="off"
    )
    doorkeeper = uvicorn.Server(config)
    doorkeeper.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # this process has its own
    async with httpx.AsyncClient(timeout=10, follow_redirects=False, trust_env=False) as client:
        meter = Meter(client, f"{portal}/api/gate/sent", token)
        sign_ins = SignIns(server, Public(**told["public"]), client)
        gate = Gate(sign_ins, to_host(told["notebook"], NOTEBOOK_PORT), told["opened"], meter.allowed)
        listening = await asyncio.start_server(gate.serve, _EVERYWHERE, GATE_PORT)
        kept = [asyncio.ensure_future(each) for each in (doorkeeper.serve(), meter.keep_telling(), _stop())]
        kept.append(asyncio.ensure_future(until_closed(client, portal, token)))
        await asyncio.wait(kept, return_when=asyncio.FIRST_COMPLETED)
        listening.close()
        gate.close()
        for each in kept:
            each.cancel()
        await asyncio.gather(*kept, return_exceptions=True)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_SECONDS):
                await meter.settle()


async def until_closed(client: httpx.AsyncClient, portal: str, token: str, pause: float = _LOOK_SECONDS) -> None:
    """Return when the portal says that the workspace is not open, or not to this person any more.

    A portal that does not answer, or fails, has said neither.
    """
    while True:
        try:
            answer = await client.get(f"{portal}/api/workspace/me", headers={"Authorization": f"Bearer {token}"})
            if answer.status_code in _CLOSED:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(pause)


async def _stop() -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await stop.wait()


if __name__ == "__main__":
    asyncio.run(run(json.loads(Path(sys.argv[1]).read_text())))
