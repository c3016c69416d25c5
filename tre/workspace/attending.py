"""What a launcher keeps beside one notebook's sandbox: the platform's door, the gate, the meter and the activity.

A project's services have none of them, and their launcher reads none of this.
"""

from __future__ import annotations

import asyncio
import socket

import httpx
import uvicorn

from tre.workspace.activity import Activity
from tre.workspace.door import door
from tre.workspace.forward import to_socket
from tre.workspace.gate import Gate
from tre.workspace.gate_sign_in import Public, SignIns
from tre.workspace.hub_door import Server
from tre.workspace.limits import used
from tre.workspace.meter import Meter
from tre.workspace.sandbox import Sandbox
from tre.workspace.strict_gate import StrictGate


class Attendance:
    """The door and the gate of one sandbox.

    Parameters
    ----------
    meter : Meter
        What passes the gate is counted by it.
    activity : Activity
        What is noticed at the gate, and by the kernel.
    """

    def __init__(self, meter: Meter, activity: Activity) -> None:
        self._meter, self._activity = meter, activity
        self._gates: list[tuple[asyncio.Server, Gate]] = []
        self._settling: asyncio.Future[None] | None = None
        self._kept: list[asyncio.Future[None]] = []  # a task that nobody holds may be collected while it runs

    @classmethod
    async def begin(cls, listener: socket.socket, sandbox: Sandbox) -> Attendance:
        """Open the platform's door at a listening socket, and the gate, and keep telling the portal of both."""
        leads = sandbox.api_door
        client = httpx.AsyncClient(timeout=10, follow_redirects=False, trust_env=False)
        meter = Meter(client, f"{leads['portal']}/api/gate/sent", leads["token"])
        activity = Activity(client, f"{leads['portal']}/api/gate/used", leads["token"], lambda: used(sandbox.groups))
        attendance = cls(meter, activity)
        application = door(Server(**leads["server"]), leads["portal"], leads["token"], leads["opened"])
        server = uvicorn.Server(uvicorn.Config(application, log_level="warning", access_log=False, lifespan="off"))
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]  # this process has its own
        attendance._keep(server.serve(sockets=[listener]), meter.keep_telling(), activity.keep_telling())
        sign_ins = SignIns(Server(**leads["server"]), Public(**leads["public"]), client)
        for each in sandbox.inbound:
            told = (sign_ins, to_socket(each.socket), leads["opened"], activity.noticing(meter.allowed))
            gate = StrictGate(*told, screen=to_socket(leads["screen"])) if "screen" in leads else Gate(*told)
            attendance.add(await asyncio.start_server(gate.serve, "127.0.0.1", each.host_port), gate)
        return attendance

    def _keep(self, *told: object) -> None:
        self._kept.extend(asyncio.ensure_future(each) for each in told)  # type: ignore[call-overload]

    def add(self, listening: asyncio.Server, gate: Gate) -> None:
        """Close this gate with the others."""
        self._gates.append((listening, gate))

    def close(self) -> asyncio.Future[None]:
        """Stop at once what is sent to browsers, and return what tells the portal the count; again, nothing changes."""
        while self._gates:
            listening, gate = self._gates.pop()
            listening.close()
            gate.close()
        if self._settling is None:
            self._settling = asyncio.ensure_future(self._meter.settle())
        return self._settling

    async def end(self) -> None:
        """Tell the portal all that was sent and used: the sandbox has ended."""
        await asyncio.gather(self.close(), self._activity.tell())
