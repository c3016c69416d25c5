"""Starts one sandbox and keeps its doors for as long as it lives. One process for each sandbox.

The sandbox comes as JSON on standard input, so that no token is on a command line. This process ends when the sandbox
ends, when it is told to, when its workspace is closed, or when the platform's supervisor is gone.
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tre.workspace import marker
from tre.workspace.kept_log import KeptLog
from tre.workspace.limits import group
from tre.workspace.sandbox import Sandbox

if TYPE_CHECKING:
    from tre.workspace.attending import Attendance

_GRACE_SECONDS = 12.0
_LOOK_SECONDS = 0.5
# JupyterLab's plugins whose buttons would do nothing: some ask the internet, which is not there, and the others what
# the gate does not pass (tre.workspace.gate_rules). Nobody is to see them; what stops them is the gate. On a strict
# workspace's screen the others are of use, for nothing of theirs comes by the gate.
_ASKS_THE_INTERNET = (
    "@jupyterlab/apputils-extension:announcements",
    "@jupyterlab/extensionmanager-extension",
    "@jupyterlab/filebrowser-extension:open-url",
)
_NOT_PASSED = (
    "@jupyterlab/terminal-extension",
    "@jupyterlab/filebrowser-extension:download",
    "@jupyterlab/filebrowser-extension:open-browser-tab",
    "@jupyterlab/docmanager-extension:download",
    "@jupyterlab/docmanager-extension:open-browser-tab",
    "@jupyterlab/notebook-extension:export",
    "@jupyterlab/notebook-extension:update-raw-mimetype",
    "@jupyterlab/apputils-extension:licenses-client",
    "@jupyterlab/apputils-extension:licenses-plugin",
    "@jupyterlab/help-extension:licenses-commands",
    "@jupyterlab/lsp-extension",
    "@jupyterlab/notebook-extension:language-server",
    # The editor of text files, less what opens one: that tells why it does not.
    "@jupyterlab/fileeditor-extension:plugin",
    "@jupyterlab/fileeditor-extension:completer",
    "@jupyterlab/fileeditor-extension:cursor-position",
    "@jupyterlab/fileeditor-extension:editor-syntax-status",
    "@jupyterlab/fileeditor-extension:language-server",
    "@jupyterlab/fileeditor-extension:search",
    "@jupyterlab/fileeditor-extension:tab-space-status",
    "@jupyterlab/filebrowser-extension:create-new-language-file",
    "@jupyterlab/debugger-extension:files",
    "@jupyterlab/tooltip-extension:files",
)
NO_USE_INSIDE = dict.fromkeys((*_ASKS_THE_INTERNET, *_NOT_PASSED), True)


async def run(sandbox: Sandbox) -> int:
    """Run a sandbox to its end and return its exit status."""
    with group(sandbox.bounds) as groups:
        return await _run(replace(sandbox, groups=groups))


async def _run(sandbox: Sandbox) -> int:
    folder = Path(sandbox.folder)
    if sandbox.marked:
        marker.hold(folder)
    _prepare(folder, sandbox)  # its doors stand in it, those of what is beside it too
    beside = [await _begin(replace(each, groups=sandbox.groups)) for each in sandbox.beside]
    api = _listen(str(folder / "doors" / "api.sock")) if sandbox.api_door else None
    running = [await _begin(sandbox), *beside]
    printing = [asyncio.ensure_future(_keep_log(process, log)) for process, log in running]
    attendance = await _attend(api, sandbox) if api is not None else None
    status = await _until_end([process for process, _ in running], sandbox, attendance)
    last = [asyncio.ensure_future(attendance.end())] if attendance is not None else []
    await asyncio.wait([*printing, *last], timeout=_GRACE_SECONDS)
    return status


async def _begin(sandbox: Sandbox) -> tuple[asyncio.subprocess.Process, Path]:
    """Start a sandbox, and return its process and where what it prints is kept."""
    _prepare(Path(sandbox.folder), sandbox)
    listening = [_listen(each.socket) for each in sandbox.inbound]
    process = await _start(sandbox, listening)
    for listener in listening:
        listener.close()  # from here on the sandbox alone listens
    return process, Path(sandbox.log)


def _prepare(folder: Path, sandbox: Sandbox) -> None:
    """Write the sandbox's own few files: who its user is, and the folder of its doors."""
    for name in ("etc", "etc/jupyter", "etc/jupyter/labconfig", "doors"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name).chmod(0o755)  # the sandbox's user reads it; the folder that holds it all is closed
    uid, gid = (sandbox.uid, sandbox.gid) if os.geteuid() == 0 and sandbox.uid else (os.geteuid(), os.getegid())
    no_use = dict.fromkeys(_ASKS_THE_INTERNET, True) if sandbox.beside else NO_USE_INSIDE
    files = {
        "passwd": f"{sandbox.username}:x:{uid}:{gid}::{sandbox.home}:/bin/bash\n",
        "group": f"{sandbox.username}:x:{gid}:\n",
        "hosts": "127.0.0.1 localhost workspace\n",
        "jupyter/labconfig/page_config.json": json.dumps({"disabledExtensions": no_use}),
    }
    for name, text in files.items():
        (folder / "etc" / name).write_text(text)
        (folder / "etc" / name).chmod(0o644)


def _listen(path: str) -> socket.socket:
    """Return a listening Unix socket at a path that only the platform can write.

    A Unix socket, never a network one: a listening network socket that is handed in could be turned around to
    connect to the host's loopback (connect(2), AF_UNSPEC); a listening Unix socket cannot connect at all.
    """
    Path(path).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(path)
    os.chmod(path, 0o666)  # noqa: S103 - reached through a folder that is bound into this project's sandboxes alone
    listener.listen(128)
    listener.setblocking(False)
    return listener


async def _attend(listener: socket.socket, sandbox: Sandbox) -> Attendance:
    """Open the platform's door and the gate.

    What they are made of is read while the sandbox starts, which takes longer; who comes earlier waits at the socket.
    """
    from tre.workspace.attending import Attendance

    return await Attendance.begin(listener, sandbox)


async def _start(sandbox: Sandbox, listening: list[socket.socket]) -> asyncio.subprocess.Process:
    told_here, told_there = os.pipe()
    numbers = [listener.fileno() for listener in listening]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tre.workspace.stage", str(told_here), ",".join(str(each) for each in numbers),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        pass_fds=[told_here, *numbers], preexec_fn=_die_with_parent,
    )  # fmt: skip
    os.close(told_here)
    with os.fdopen(told_there, "w") as out:
        json.dump(sandbox.to_json(), out)
    return process


async def _keep_log(process: asyncio.subprocess.Process, path: Path) -> None:
    if process.stdout is not None:
        await KeptLog(path).keep(process.stdout)


async def _until_end(
    processes: list[asyncio.subprocess.Process], sandbox: Sandbox, attendance: Attendance | None
) -> int:
    """Wait until one of the sandboxes ends, or all must; end the others, and return the first's status."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    waits: list[asyncio.Future[None]] = []  # a task that nobody holds may be collected while it runs
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if sandbox.watch:
        try:
            loop.add_reader(os.pidfd_open(sandbox.watch), stop.set)
        except ProcessLookupError:
            stop.set()
    if sandbox.marked:
        waits.append(asyncio.ensure_future(_until_closed(Path(sandbox.folder), stop)))
    ends = [asyncio.ensure_future(process.wait()) for process in processes]
    await asyncio.wait([*ends, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED)
    if attendance is not None:
        attendance.close()  # the server inside may take its time to end: it says nothing to a browser any more
    for process, ended in zip(processes, ends, strict=True):
        if not ended.done():
            process.terminate()
    await asyncio.wait(ends, timeout=_GRACE_SECONDS)
    for process, ended in zip(processes, ends, strict=True):
        if not ended.done():
            process.kill()  # bubblewrap is the first process of the namespace's outside: all inside ends with it
    return await ends[0]


async def _until_closed(folder: Path, stop: asyncio.Event) -> None:
    while marker.stands(folder):
        await asyncio.sleep(_LOOK_SECONDS)
    stop.set()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG, prctl(2); bwrap passes it on


if __name__ == "__main__":
    raise SystemExit(asyncio.run(run(Sandbox.from_json(json.load(sys.stdin)))))
