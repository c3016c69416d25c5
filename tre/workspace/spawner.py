"""Starts a person's notebook server in the sandbox of one project. The server's name is the project's code."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from jupyterhub.spawner import Spawner
from tornado.web import HTTPError
from traitlets import Dict, Int, Unicode

from tre.config.options import REPOSITORY, SIGN_IN_SECONDS, load
from tre.config.secrets import secret
from tre.workspace import desktop, marker
from tre.workspace.gate_sign_in import Public, origin_of
from tre.workspace.hub_door import Server
from tre.workspace.imports import INSIDE as IMPORTS
from tre.workspace.limits import MIB, Bounds
from tre.workspace.project_commands import spark_remote
from tre.workspace.repository import INSIDE
from tre.workspace.sandbox import (
    DOORS,
    JUPYTER_PATH,
    MLFLOW_PORT,
    PACKAGES,
    SPARK_PORT,
    WHEELS,
    Bind,
    Inbound,
    Outbound,
    Sandbox,
    begins_with,
    pip_settings,
)
from tre.workspace.turns import Turns

_SERVER_PORT, _API_PORT = 8888, 8081
_LOOK_SECONDS = 0.2
_ASK_SECONDS = 90.0  # before a workspace opens the portal measures its folders, for a minute at most


@cache
def turns() -> Turns:
    """Return the turns of all starts of this Hub."""
    return Turns(load().workspace_starts)


class SandboxSpawner(Spawner):
    """One bubblewrap sandbox for each person and project.

    Whether the person may, and which folders and user id are theirs, is asked of the portal each time.
    """

    launcher = Int(0, help="Process id of the sandbox's launcher; 0 when there is none.")
    session = Int(0, help="The workspace's number at the portal.")
    folder = Unicode("", help="The launcher's folder for this sandbox.")
    workspace = Dict(help="What the portal answered when the workspace was opened.")

    def load_state(self, state: dict[str, Any]) -> None:
        """Read what :meth:`get_state` kept, so that a Hub that starts again finds its servers."""
        super().load_state(state)
        self.launcher, self.session = state.get("launcher", 0), state.get("session", 0)
        self.folder = state.get("folder", "")

    def get_state(self) -> dict[str, Any]:
        """Return what the Hub keeps of this server."""
        kept = super().get_state()
        if self.launcher:
            kept |= {"launcher": self.launcher, "session": self.session, "folder": self.folder}
        return kept

    def clear_state(self) -> None:
        """Forget the server that ended."""
        super().clear_state()
        self.launcher, self.session, self.folder, self.workspace = 0, 0, "", {}

    def options_from_query(self, query_data: dict[str, list[str]]) -> dict[str, Any]:
        """Keep none of a query's options: there is nothing to choose, and the Hub would keep what was written."""
        return {}

    async def run_options_from_form(self, form_data: dict[str, list[str]]) -> dict[str, Any]:
        """Keep none of a form's options, for the same reason."""
        return {}

    async def start(self) -> tuple[str, int]:
        """Ask the portal, start the launcher, and return where the Hub's proxy finds the server."""
        if not self.name:
            raise HTTPError(403, "Choose a project: open the workspace from the project's page")
        if load().sandbox == "none":  # there is no spawner without a sandbox: nothing to fall back to, ever
            raise HTTPError(403, "Workspaces are switched off here (TRE_SANDBOX)")
        await turns().take(self)
        self._turn = asyncio.ensure_future(self._leave_when_started())
        self.workspace = await self._ask("open", {"username": self.user.name, "project": self.name})
        self.session = self.workspace["session"]
        self.port = _free_port()
        self.folder = str(marker.place(self.session))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tre.workspace.launch",
            stdin=asyncio.subprocess.PIPE, cwd=REPOSITORY, start_new_session=True,
            env={"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(REPOSITORY)},
        )  # fmt: skip
        self.launcher = process.pid
        if process.stdin is not None:
            process.stdin.write(json.dumps(self._sandbox().to_json()).encode())
            process.stdin.close()
        return "127.0.0.1", self.port

    async def _leave_when_started(self) -> None:
        """Give the turn back when the Hub has the server answer, or has given it up."""
        while self.pending:
            await asyncio.sleep(_LOOK_SECONDS)
        turns().leave()

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Tell the page of who waits for their turn so, and then that the server starts."""
        told = 0
        while place := turns().place(self):
            if place != told:
                told = place
                message = f"Others opened theirs just before. Yours is number {place} of those that wait to start."
                yield {"progress": 10, "message": message}
            await asyncio.sleep(_LOOK_SECONDS)
        yield {"progress": 50, "message": "The notebook server starts."}

    async def poll(self) -> int | None:
        """Return None while the sandbox runs, or 0 when it does not."""
        return None if self.launcher and _is_launcher(self.launcher) else 0

    async def stop(self, now: bool = False) -> None:
        """End the sandbox and close the workspace at the portal."""
        if self.launcher and _is_launcher(self.launcher):
            os.kill(self.launcher, signal.SIGTERM)
            for _ in range(150):
                if not _is_launcher(self.launcher):
                    break
                await asyncio.sleep(0.1)
            else:
                os.kill(self.launcher, signal.SIGKILL)
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
        if self.session:
            await self._ask("close", {"session": self.session})

    async def _ask(self, verb: str, question: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {secret('hub-service')}"}
        async with httpx.AsyncClient(timeout=_ASK_SECONDS, trust_env=False) as client:
            answer = await client.post(f"{load().portal_internal}/api/hub/{verb}", json=question, headers=headers)
        told = answer.json()
        if answer.is_error:
            raise HTTPError(403, str(told["error"]))
        return dict(told)

    def _sandbox(self) -> Sandbox:
        opened, home, strict = self.workspace, f"/home/{self.user.name}", self._strict
        gate = secrets.token_hex(32)  # what the gate lets its person in by; it opens nothing else
        return Sandbox(
            name=f"workspace {self.session}",
            uid=opened["uid"],
            gid=opened["gid"],
            username=self.user.name,
            home=home,
            commands=self._commands(home),
            environment=self._environment(home),
            folder=self.folder,
            log=str(load().path("logs", f"workspace-{self.user.name}-{self.name}.log")),
            binds=(
                Bind(opened["home"], home, writable=True),
                Bind(opened["shared"], "/project/shared", writable=True),
                Bind(opened["repository"], INSIDE, writable=True),
                Bind(opened["data"], "/project/data"),
                Bind(opened["imports"], IMPORTS),
                Bind(opened["packages"], WHEELS),
                Bind(f"{self.folder}/doors", DOORS),
                Bind(opened["sockets"], "/project/doors"),
                *((desktop.display(self.folder),) if strict else ()),
            ),
            inbound=(Inbound(f"{self.folder}/server.sock", _SERVER_PORT, self.port),),
            outbound=(
                Outbound(_API_PORT, f"{DOORS}/api.sock"),
                Outbound(SPARK_PORT, "/project/doors/spark.sock"),
                Outbound(MLFLOW_PORT, "/project/doors/mlflow.sock"),
            ),
            firsts=begins_with(home),
            api_door={
                "server": asdict(self._known_as()),
                "portal": load().portal_internal,
                "token": opened["token"],
                "public": asdict(self._public()),
                "opened": gate,
                **({"screen": desktop.rfb_socket(self.folder)} if strict else {}),
            },
            bounds=self._bounds(),
            marked=True,
            beside=(self._screen(),) if strict else (),
            watch=_supervisor(),
        )

    @property
    def _strict(self) -> bool:
        return bool(self.workspace["profile"] == "strict")

    def _screen(self) -> Sandbox:
        uid, log = self.workspace["screen_uid"], f"screen-{self.user.name}-{self.name}.log"
        path = str(load().path("logs", log))
        return desktop.screen(f"screen of workspace {self.session}", self.folder, uid, uid, path, self._bounds())

    def _commands(self, home: str) -> tuple[tuple[str, ...], ...]:
        if self._strict:
            return desktop.commands(home, str(self.server.base_url), _SERVER_PORT)
        return (self._server_command(home),)

    def _bounds(self) -> Bounds:
        """Return what the portal gave: nothing that the Hub or a notebook says can change it."""
        megabytes, processors = self.workspace["megabytes"], self.workspace["processors"]
        return Bounds(megabytes * MIB, processors, file=load().home_megabytes * MIB)

    def _public(self) -> Public:
        hub = load().hub
        return Public(hub, origin_of(hub, self.user.name), str(self.server.base_url), SIGN_IN_SECONDS)

    def _known_as(self) -> Server:
        return Server(
            hub=f"http://127.0.0.1:{load().hub_api_port}",
            token=self.api_token,
            username=self.user.name,
            name=self.name,
            client=self.oauth_client_id,
            callback=self.get_env()["JUPYTERHUB_OAUTH_CALLBACK_URL"],
        )

    def _server_command(self, home: str) -> tuple[str, ...]:
        return (
            sys.executable, "-m", "jupyterhub.singleuser", f"--ServerApp.root_dir={home}",
            "--ServerApp.terminals_enabled=False", "--ServerApp.allow_remote_access=True",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            # It looks for language servers with a program of its own, and the gate passes none of what it would serve.
            "--ServerApp.jpserver_extensions=jupyter_lsp=False",
        )  # fmt: skip

    def _environment(self, home: str) -> dict[str, str]:
        hub = {name: value for name, value in self.get_env().items() if name.startswith("JUPYTERHUB_")}
        inside = f"http://127.0.0.1:{_API_PORT}/hub/api"
        hub["JUPYTERHUB_ACTIVITY_URL"] = hub["JUPYTERHUB_ACTIVITY_URL"].replace(hub["JUPYTERHUB_API_URL"], inside)
        hub["JUPYTERHUB_API_URL"] = inside
        hub["JUPYTERHUB_API_TOKEN"] = secrets.token_hex(16)  # opens nothing: its own stays with the door and the gate
        hub["JUPYTERHUB_SERVICE_URL"] = f"http://127.0.0.1:{_SERVER_PORT}{self.server.base_url}"
        token = self.workspace["spark_token"]
        return {
            **({"DISPLAY": ":0"} if self._strict else hub),
            "HOME": home,
            "USER": self.user.name,
            "LANG": "C.UTF-8",
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "PYTHONPATH": PACKAGES,
            "PYTHONDONTWRITEBYTECODE": "1",
            "JUPYTER_PREFER_ENV_PATH": "0",
            "JUPYTER_PATH": JUPYTER_PATH,
            "TRE_API": f"http://127.0.0.1:{_API_PORT}/tre/api",
            "TRE_PROJECT": self.name,
            "TRE_DATA": "/project/data",
            "SPARK_REMOTE": spark_remote(token),
            "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{MLFLOW_PORT}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            **pip_settings(home),
        }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_launcher(pid: int) -> bool:
    """Return whether a process is a sandbox's launcher still: its number may have passed to another."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        ended = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return b"tre.workspace.launch" in command and not ended


def _supervisor() -> int:
    """Return the process whose end ends every sandbox: the supervisor, or this Hub where there is none."""
    return int(os.environ.get("TRE_SUPERVISOR", os.getpid()))
