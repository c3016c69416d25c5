"""A notebook that wants more than it was given: a larger size, a longer life, more disk."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import threading
import time
from dataclasses import asdict, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
from django.test import Client
from django.utils import timezone
from starlette.testclient import TestClient

from tests.security import test_gate, test_sandbox
from tests.security.test_gate import BASE, PAGE, house, run
from tests.security.test_limits import together
from tests.workspaces import opened_ago, set_options, study
from tre.audit.models import Entry
from tre.config.options import load
from tre.workspace import disk, gate_sign_in, marker
from tre.workspace import gate as gates
from tre.workspace.activity import Activity
from tre.workspace.door import door
from tre.workspace.gate_sign_in import Public
from tre.workspace.hub_door import Server
from tre.workspace.limits import Bounds, Used, group, used
from tre.workspace.models import SizeChoice, WorkspaceSession
from tre.workspace.project_services import launch
from tre.workspace.sandbox import Bind, Inbound
from tre.workspace.services import open_workspace
from tre.workspace.session_watch import SessionWatch
from tre.workspace.spawner import SandboxSpawner
from tre.workspace.usage import note_used

box = test_sandbox.box
MIB = 1024 * 1024
in_a_sandbox = [
    pytest.mark.sandbox,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]


@pytest.fixture
def opened(db):
    study("frailty", "ann", "bob")
    yield open_workspace("ann", "frailty")
    for name in ("homes", "projects", "run/workspaces"):
        shutil.rmtree(load().path(name), ignore_errors=True)


def session() -> WorkspaceSession:
    return WorkspaceSession.objects.get(account__username="ann")


class TestALargerSize:
    PATHS: ClassVar[list[str]] = ["projects/frailty/open", "projects/frailty/quota", "api/gate/used", "api/hub/open"]

    @pytest.mark.parametrize("path", PATHS)
    @pytest.mark.parametrize("way", ["/{}", "/tre/{}", "/tre/api/{}", "/tre/api/../../{}", "/tre/api/%2e%2e/%2e%2e/{}"])
    def test_the_door_leads_to_none_of_what_decides_it(self, path, way):
        """Of what a notebook can call, nothing but the workspace's own interface is ever asked of the portal."""
        server = Server("http://127.0.0.1:1", "own", "ann", "frailty", "client", "/callback")
        with TestClient(door(server, "http://127.0.0.1:1", "token", "gate")) as client:
            answer = client.post(way.format(path), json={"size": "large"})
        assert answer.status_code in {404, 405, 503}
        if answer.status_code == 503:  # it would go to the workspace's interface, where no such address is
            rest = way.format(path).removeprefix("/tre/api/")
            assert Client().post(f"/api/workspace/{rest}").status_code == 404

    def test_the_workspace_s_token_opens_none_of_it_either(self, opened):
        headers = {"Authorization": f"Bearer {opened.token}"}
        for path in ("projects/frailty/open", "projects/frailty/quota", "api/hub/open"):
            answer = Client().post(f"/{path}", json.dumps({"size": "large"}), "application/json", headers=headers)
            assert answer.status_code in {302, 403}
            assert "/hub/spawn/" not in answer.get("Location", "")
        assert not SizeChoice.objects.exists()

    def test_the_spawner_hears_the_portal_alone(self):
        class Spawner:
            workspace: ClassVar[dict] = {"megabytes": 2048, "processors": 1.0}
            user_options: ClassVar[dict] = {"megabytes": 99_999, "size": "large"}

        assert SandboxSpawner._bounds(Spawner()) == Bounds(
            2048 * MIB, 1.0, file=load().home_megabytes * MIB
        )  # what the Hub keeps as options is not looked at


class TestALongerLife:
    def test_what_a_server_tells_the_hub_is_not_activity(self, opened):
        """A notebook says for ever that somebody works here: the platform goes by its gate and the kernel's count."""
        opened_ago(session(), hours=2)
        note_used(session(), Used(1, 1), timedelta(hours=2))
        server = Server("http://127.0.0.1:1", "own", "ann", "frailty", "client", "/callback")
        with TestClient(door(server, "http://127.0.0.1:1", opened.token, "gate")) as client:
            now = timezone.now().isoformat()
            client.post("/hub/api/users/ann/activity", json={"servers": {}, "last_activity": now})
        held = marker.hold(marker.place(session().pk))
        SessionWatch().look()
        os.close(held)
        assert session().closed is not None

    def test_who_is_not_signed_in_keeps_nothing_alive(self, tmp_path):
        """Whoever can reach the gate's port without a sign-in, the Hub's own questions among them."""

        async def scene() -> None:
            async with house(tmp_path) as here, here.client() as client:
                for path in ("api", "lab", "api/kernels", "api/contents", "oauth_callback?code=x&state=y"):
                    await client.get(BASE + path, headers=PAGE)
                    await client.get(BASE + path, headers={"Upgrade": "websocket", "Connection": "Upgrade"})
                assert here.sent == [], "the gate's question is what counts as activity"
                signed_in, _ = await here.signed_in()
                await signed_in.get(f"{BASE}lab")
                assert here.sent != []

        run(scene())

    def test_a_silent_connection_counts_while_its_sign_in_stands_and_no_longer(self, tmp_path, monkeypatch):
        monkeypatch.setattr(gates, "RECHECK_SECONDS", 0.05)
        monkeypatch.setattr(gate_sign_in, "RECHECK_SECONDS", 0.0)

        async def scene() -> None:
            async with house(tmp_path, test_gate._echo) as here:
                client, _ = await here.signed_in()
                reader, writer = await test_gate._websocket(here, client.headers["Cookie"])
                await reader.readuntil(b"first")
                before = len(here.sent)
                async with asyncio.timeout(20):
                    while len(here.sent) <= before:
                        await asyncio.sleep(0.05)
                here.hub.tokens.clear()
                await asyncio.wait_for(reader.read(), 20)
                after = len(here.sent)
                await asyncio.sleep(0.3)
                assert len(here.sent) == after
                writer.close()

        run(scene())

    def test_computing_for_ever_lasts_until_the_greatest_age(self, opened):
        opened_ago(session(), hours=load().workspace_hours)
        note_used(session(), Used(1e6, 1), timedelta(0))
        held = marker.hold(marker.place(session().pk))
        SessionWatch().look()
        os.close(held)
        assert session().closed is not None

    @together
    def test_what_a_sandbox_used_is_the_kernel_s_word(self):
        """Two busy seconds and 100 MB are seen from outside, whatever a program says of itself."""
        with group(Bounds(memory=512 * MIB)) as files:
            child = os.fork()
            if not child:
                for file in files:
                    Path(file).write_text(str(os.getpid()))
                held = bytearray(100 * MIB)
                ends = time.process_time() + 1
                while time.process_time() < ends:
                    held[0] = 1
                os._exit(0)
            os.waitpid(child, 0)
            told = used(files)
            activity = Activity(httpx.AsyncClient(), "http://x", "t", lambda: told)
        assert told.processor_seconds > 0.9
        assert told.memory_peak > 100 * MIB
        assert activity._measured[1] == told.processor_seconds


@pytest.mark.sandbox
@pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
@together
def test_a_launcher_tells_what_its_sandbox_used_and_that_nobody_came(box):
    """The whole way: a sandbox that computes and ends, and what the portal is told of it first and last."""
    told: list[dict] = []
    noted = Path(box.binds[0].source) / "noted"

    class Portal(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path == "/api/gate/used":
                told.append(body | {"by": self.headers["Authorization"]})
                noted.touch()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"left": 1}')

        def log_message(self, *arguments: object) -> None:
            """Be quiet."""

    portal = HTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=portal.serve_forever, args=(0.01,), daemon=True).start()
    leads = {
        "server": asdict(test_gate.SERVER),
        "portal": f"http://127.0.0.1:{portal.server_port}",
        "token": "the-workspace-token",
        "public": asdict(Public(test_gate.HUB, test_gate.ORIGIN, BASE, 3600)),
        "opened": "gate",
    }
    # It computes once the portal was told the first time, however long the launcher took until then.
    program = (
        "import os, time\n"
        "ends = time.monotonic() + 40\n"
        f"while not os.path.exists({box.home + '/noted'!r}) and time.monotonic() < ends: time.sleep(0.05)\n"
        "while time.process_time() < 1.5: pass\n"
    )
    Path(box.folder).mkdir(mode=0o700)
    inbound = (Inbound(f"{box.folder}/server.sock", 8888, 0),)
    sandbox = replace(box, commands=((sys.executable, "-c", program),), api_door=leads, inbound=inbound)
    launch(replace(sandbox, bounds=Bounds(memory=512 * MIB))).wait(60)
    portal.shutdown()
    assert len(told) >= 2, Path(box.log).read_text()
    assert {each["by"] for each in told} == {"Bearer the-workspace-token"}
    assert told[0]["processor_seconds"] < 0.5 < 1.4 < told[-1]["processor_seconds"]
    assert told[-1]["memory_peak"] > MIB


# A megabyte again and again into new files: with names; without; without, mapped and not held open.
_FILLS = """
import ctypes, mmap, os, time
libc = ctypes.CDLL(None)  # Python's own mapping holds the file open beside it
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
libc.mmap.restype = ctypes.c_void_p
def fill():
    for number in range(1500):
        file = os.open("rows-%d" % number, os.O_RDWR | os.O_CREAT)
        os.write(file, os.urandom(1024 * 1024))
        if {how!r} != "named":
            os.unlink("rows-%d" % number)
        if {how!r} == "mapped":
            libc.mmap(None, 1024 * 1024, mmap.PROT_READ, mmap.MAP_SHARED, file, 0)
        if {how!r} != "nameless" or number > 900:
            os.close(file)
        time.sleep(0.01)
    time.sleep(600)
fill()
"""


class TestMoreDisk:
    pytestmark = in_a_sandbox

    @pytest.mark.parametrize("how", ["named", "nameless", "mapped"])
    def test_many_files_are_found_and_the_sandbox_is_ended(self, opened, box, monkeypatch, how):
        """It writes a megabyte again and again into new files; the look that finds it over ends it with all inside."""
        if how != "named" and os.geteuid() != 0:
            pytest.skip("without a user of its own for each sandbox this is not found, and the documents say so")
        set_options(monkeypatch, home_megabytes=100)
        monkeypatch.setattr(disk, "MEASURE_SECONDS", 0.2)
        open_workspace("ann", "frailty")
        own = WorkspaceSession.objects.get(account__username="ann", closed=None)
        (home,) = disk.home_folders("ann", "frailty")
        program = _FILLS.format(how=how)
        folder = marker.place(own.pk)
        uid, gid = (home.stat().st_uid, home.stat().st_gid) if os.geteuid() == 0 else (box.uid, box.gid)
        for above in (load().home, home.parent, home.parent.parent):
            above.chmod(0o755)
        running = launch(
            replace(
                box,
                uid=uid,
                gid=gid,
                folder=str(folder),
                commands=((sys.executable, "-c", program),),
                binds=(Bind(str(home), box.home, writable=True), Bind(str(folder / "doors"), "/doors")),
                marked=True,
            )
        )
        watch, deadline = SessionWatch(), time.monotonic() + 60
        while running.poll() is None and time.monotonic() < deadline:
            watch.look()
            time.sleep(0.1)
        ended = running.poll() is not None
        running.terminate()
        assert ended
        own.refresh_from_db()
        assert own.closed is not None
        (closing,) = Entry.objects.filter(event="workspace.closed", actor="platform")
        assert closing.data["why"] == "its home took more disk than it may"
        assert disk.Measure([home]).wait() < 1000 * MIB

    def test_one_file_ends_at_its_bound(self, box):
        Path(box.folder).mkdir(mode=0o700)
        program = (
            "import signal\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "out = open('rows', 'wb', buffering=0)\n"
            "try:\n"
            "    while True: out.write(bytes(1024 * 1024))\n"
            "except OSError: print(out.tell(), flush=True)\n"
        )
        launch(replace(box, commands=((sys.executable, "-c", program),), bounds=Bounds(file=5 * MIB))).wait(60)
        assert int(Path(box.log).read_text().split()[0]) == 5 * MIB
