"""A strict workspace from the attacker's seat: a real screen in a sandbox, and a browser that speaks RFB by hand."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import websocket

from tests.e2e.browsing import browser, chromium
from tests.security.test_gate import BASE, HOST, HUB, ORIGIN, PAGE, SERVER, Hub, run
from tre.config.options import load
from tre.errors import Refused
from tre.workspace import desktop
from tre.workspace.forward import to_socket
from tre.workspace.gate_sign_in import Public, SignIns
from tre.workspace.limits import Bounds
from tre.workspace.project_services import launch
from tre.workspace.sandbox import Bind, Sandbox
from tre.workspace.strict_gate import StrictGate

if TYPE_CHECKING:
    from playwright.sync_api import Page

HOME = "/home/ann"
PICTURES = Path(__file__).resolve().parents[2] / "build" / "screenshots"


def _missing() -> str:
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    try:
        desktop.check_shown_as_pixels()
    except Refused as refused:
        return refused.sentence()
    return ""


needs_screen = pytest.mark.skipif(bool(_missing()), reason=_missing() or "it is there")
ROWS, IN = b"rows-on-the-clipboard", b"a way in"
# The server's options as they would be, had nobody thought of them.
CARELESS = ("-AllowOverride=", "-SendCutText=0", "-AcceptCutText=0", "-SendPrimary=0", "-SetPrimary=0", "-noclipboard")


@contextmanager
def workspace(tmp_path: Path, *commands: tuple[str, ...], careless: bool = False) -> Iterator[Sandbox]:
    """Run a strict workspace with its screen, as a launcher does, and yield it."""
    uid = load().sandbox_uid_base + 1
    home, folder = tmp_path / "home", tmp_path / "launch"
    home.mkdir()
    folder.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(home, uid, uid)
        for each in (tmp_path, *tmp_path.parents):
            if each != Path("/tmp") and str(each).startswith("/tmp/"):
                each.chmod(0o755)
    shutil.copy(Path(__file__).with_name("x_client.py"), home / "x_client.py")
    (home / "x_client.py").chmod(0o644)
    screen = desktop.screen("screen", str(folder), uid + 1, uid + 1, str(tmp_path / "screen.log"), Bounds())
    if careless:
        (command,) = screen.commands
        screen = replace(screen, commands=(tuple(each for each in command if each not in CARELESS),))
    box = Sandbox(
        name="test", uid=uid, gid=uid, username="ann", home=HOME, commands=commands,
        environment={"USER": "ann", "HOME": HOME, "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                     "DISPLAY": ":0", "LANG": "C.UTF-8", "JUPYTER_PREFER_ENV_PATH": "0"},
        folder=str(folder), log=str(tmp_path / "log"),
        binds=(Bind(str(home), HOME, writable=True), Bind(f"{folder}/doors", "/doors"), desktop.display(str(folder))),
        beside=(screen,),
    )  # fmt: skip
    running = launch(box)
    try:
        yield box
    finally:
        running.terminate()
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            running.kill()


def attacker(rounds: int = 2) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", f"{HOME}/x_client.py", str(rounds))


def told(box: Sandbox, name: str, times: int = 1, seconds: float = 30) -> list[str]:
    """Return what the attacker printed of one thing, once it has printed it so many times."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        printed = Path(box.log).read_text() if Path(box.log).exists() else ""
        lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        found = [line[name] for line in lines if name in line]
        if len(found) >= times:
            return [each for one in found for each in one]
        time.sleep(0.1)
    raise AssertionError(printed + Path(box.beside[0].log).read_text())


class Viewer:
    """An RFB client as an attacker writes one: it wants everything, the clipboard first."""

    def __init__(self, send: Any, read: Any) -> None:
        self.send, self.read, self.clipboard, self.name = send, read, b"", b""

    def begin(self) -> tuple[int, int]:
        assert self.read(12) == b"RFB 003.008\n"
        self.send(b"RFB 003.008\n")
        assert b"\x01" in self.read(self.read(1)[0])
        self.send(b"\x01")
        assert self.read(4) == bytes(4)
        self.send(b"\x01")
        width, height = struct.unpack(">HH", self.read(20)[:4])
        self.name = self.read(struct.unpack(">I", self.read(4))[0])
        self.send(struct.pack(">BxH2i", 2, 2, 0, -224))
        return width, height

    def cut(self, text: bytes) -> None:
        self.send(struct.pack(">BxxxI", 6, len(text)) + text)

    def pixels(self, width: int, height: int) -> bytes:
        """Ask for the whole screen and return its pixels, row by row in rectangles as they come."""
        self.send(struct.pack(">BBHHHH", 3, 0, 0, 0, width, height))
        return self.listen(20.0, pixels=True)

    def listen(self, seconds: float, pixels: bool = False) -> bytes:
        """Take in what comes, the clipboard too, for so long or until pixels came."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                kind = self.read(1)[0]
            except (TimeoutError, websocket.WebSocketTimeoutException):
                continue
            if kind == 3:
                (length,) = struct.unpack(">xxxI", self.read(7))
                self.clipboard += self.read(length)
            elif kind == 0:
                shown = self._update()
                if pixels:
                    return shown
        return b""

    def _update(self) -> bytes:
        shown = b""
        (count,) = struct.unpack(">xH", self.read(3))
        for _ in range(count):
            _, _, width, height, encoding = struct.unpack(">HHHHi", self.read(12))
            if encoding == -224:
                break
            assert encoding == 0
            shown += self.read(4 * width * height)
        return shown


def straight(box: Sandbox) -> Viewer:
    """Return a viewer on the screen's own socket, past the gate, as the platform alone could."""
    deadline = time.monotonic() + 20
    while True:
        line = socket.socket(socket.AF_UNIX)
        first = _first(line, desktop.rfb_socket(box.folder))
        if first or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    held = bytearray(first)

    def read(count: int) -> bytes:
        while len(held) < count:
            data = line.recv(65536)
            assert data, "hung up"
            held.extend(data)
        taken = bytes(held[:count])
        del held[:count]
        return taken

    return Viewer(line.sendall, read)


def _first(line: socket.socket, path: str) -> bytes:
    line.settimeout(1)
    try:
        line.connect(path)
        return line.recv(65536)
    except OSError:
        return b""


def origin(address: str) -> str:
    """Return the origin of a page of ann's at a gate's address."""
    return f"{ORIGIN.rpartition(':')[0]}:{urlsplit(address).port}"


@asynccontextmanager
async def gate(folder: str, most: int = 10**9) -> AsyncIterator[tuple[str, str, list[int]]]:
    """Open a strict gate whose Hub knows ann, and yield its address, her cookie, and what was counted."""
    sent: list[int] = []

    async def allowed(count: int) -> bool:
        sent.append(count)
        return sum(sent) <= most

    client = httpx.AsyncClient(transport=httpx.MockTransport(Hub().answer))
    listening = await asyncio.start_server(lambda reader, writer: made.serve(reader, writer), "127.0.0.1", 0)
    address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}"
    sign_ins = SignIns(SERVER, Public(HUB, origin(address), BASE, 3600), client)
    inside = to_socket(f"{folder}/nobody.sock")
    made = StrictGate(sign_ins, inside, "token", allowed, screen=to_socket(desktop.rfb_socket(folder)))
    try:
        async with httpx.AsyncClient(base_url=address, trust_env=False) as ann:
            begun = await ann.get(BASE, headers=PAGE)
            state = parse_qs(urlsplit(begun.headers["Location"]).query)["state"][0]
            cookies = "; ".join(f"{name}={value}" for name, value in begun.cookies.items())
            asked = {"code": "good", "state": state}
            done = await ann.get(f"{BASE}oauth_callback", params=asked, headers={**HOST, "Cookie": cookies})
            assert (done.status_code, done.headers["Location"]) == (302, BASE)
        yield address, "; ".join(f"{name}={value}" for name, value in done.cookies.items() if value), sent
    finally:
        made.close()
        listening.close()


def through(address: str, cookie: str) -> Viewer:
    """Return a viewer through the gate's WebSocket."""
    line = websocket.create_connection(
        f"{address.replace('http', 'ws')}{BASE}screen", host=HOST["Host"], origin=origin(address),
        cookie=cookie, timeout=1, subprotocols=["binary"],
    )  # fmt: skip
    held = bytearray()

    def read(count: int) -> bytes:
        while len(held) < count:
            held.extend(line.recv())
        taken = bytes(held[:count])
        del held[:count]
        return taken

    return Viewer(line.send_binary, read)


NOT_THERE = [
    "lab", "lab/tree/a.ipynb", "api", "api/contents", "api/contents/a.ipynb?type=notebook&content=1", "api/kernels",
    "api/sessions", "files/rows.csv", "files/rows.csv?download=1", "nbconvert/html/a.ipynb", "static/lab/main.js",
    "terminals/1", "proxy/8000/", "lab/api/settings", "screen", "novnc/package.json", "novnc/../../package.json",
    "novnc/core/../../../package.json", "novnc/core/%2e%2e/rfb.js", "novnc/core/rfb.js/", "screen/index.html",
    "metrics",
]  # fmt: skip


@pytest.mark.skipif(not (desktop.NOVNC / "core" / "rfb.js").is_file(), reason="noVNC is not installed: make up does it")
def test_the_gate_has_the_page_and_nothing_of_jupyterlab(tmp_path):
    async def scene() -> None:
        async with (
            gate(str(tmp_path)) as (address, cookie, sent),
            httpx.AsyncClient(base_url=address, trust_env=False) as ann,
        ):
            for path in NOT_THERE:
                for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
                    asked = {**HOST, "Cookie": cookie, "Origin": origin(address), "Accept": "text/html"}
                    answer = await ann.request(method, BASE + path, headers=asked)
                    assert answer.status_code == 404, (method, path, answer.status_code)
            before = sum(sent)
            for path, kind in (
                ("", "text/html"),
                ("screen.js", "text/javascript"),
                ("novnc/core/rfb.js", "text/j"),
            ):
                assert (await ann.get(BASE + path, headers=HOST)).status_code == 403, "a stranger"
                answer = await ann.get(BASE + path, headers={**HOST, "Cookie": cookie})
                assert answer.status_code == 200
                assert answer.headers["Content-Type"].startswith(kind)
                policy = answer.headers["Content-Security-Policy"]
                assert "script-src 'self';" in policy
                assert "unsafe" not in policy
                assert "clipboard-read=()" in answer.headers["Permissions-Policy"]
                before += len(answer.content)
            assert sum(sent) >= before, "what goes to a browser is counted"
            for upgrade in ("api/kernels/k/channels", "api/events/subscribe", "lab", ""):
                asked = {
                    **HOST,
                    "Cookie": cookie,
                    "Origin": origin(address),
                    "Upgrade": "websocket",
                    "Connection": "Upgrade",
                }
                assert (await ann.get(BASE + upgrade, headers=asked)).status_code == 404

    run(scene())


@needs_screen
@pytest.mark.sandbox
def test_inside_is_a_client_of_the_screen_and_no_more(tmp_path):
    with workspace(tmp_path, attacker()) as box:
        assert told(box, "changed") == []
        assert told(box, "rfb") == []
        assert told(box, "extensions") == []


@needs_screen
@pytest.mark.sandbox
def test_careless_options_are_found(tmp_path):
    """The test of the test: left to its defaults, the server lets its clients change them, and has a clipboard."""
    with workspace(tmp_path, attacker(6), careless=True) as box:
        assert "SendCutText=1" in told(box, "changed")
        viewer = straight(box)
        viewer.begin()
        for _ in range(5):
            viewer.listen(1)
            viewer.cut(IN)
        assert ROWS in viewer.clipboard
        assert IN.decode() in told(box, "pasted", 4)


@needs_screen
@pytest.mark.sandbox
@pytest.mark.parametrize("careless", [False, True])
def test_no_clipboard_passes_either_way(tmp_path, careless):
    """Neither the server nor the gate lets it through: each is tried with the other out of the way."""

    def play(viewer: Viewer, box: Sandbox) -> None:
        width, height = viewer.begin()
        for _ in range(4):
            viewer.cut(IN)
            viewer.listen(1)
        assert viewer.clipboard == b""
        assert IN.decode() not in told(box, "pasted", 4)
        assert len(viewer.pixels(width, height)) == 4 * width * height, "it was connected all along"

    async def scene(box: Sandbox) -> None:
        straight(box)  # it has begun
        async with gate(box.folder) as (address, cookie, _):
            viewer = await asyncio.to_thread(through, address, cookie)
            await asyncio.to_thread(play, viewer, box)
            assert viewer.name == b"workspace"

    with workspace(tmp_path, attacker(8), careless=careless) as box:
        if careless:
            run(scene(box))
        else:
            play(straight(box), box)


@needs_screen
@pytest.mark.sandbox
@pytest.mark.browser
@pytest.mark.skipif(chromium() is None, reason="Chromium is not installed")
def test_jupyterlab_is_seen_as_pixels(tmp_path):
    """The whole way: JupyterLab, the browser on the screen, the gate, noVNC in a real browser, and a picture of it."""

    def look(address: str, cookie: str) -> tuple[int, list[str]]:
        name, _, value = cookie.partition("=")
        refused: list[str] = []
        with browser() as started:
            context = started.new_context(viewport={"width": 1440, "height": 900})
            context.add_cookies([{"name": name, "value": value, "url": f"{ORIGIN}{BASE}"}])
            page = context.new_page()
            page.on(
                "console", lambda said: refused.append(f"{said.text} {said.location}") if said.type == "error" else None
            )
            page.goto(f"{origin(address)}{BASE}")
            page.locator("canvas").wait_for(timeout=60_000)
            colours = 0
            for _ in range(120):
                page.wait_for_timeout(1000)
                colours = page.evaluate(_COLOURS)
                if colours > SEEN:
                    break
            before = page.evaluate(_DRAWN)
            page.mouse.click(52, 14)  # the File menu
            _other_than(page, before)
            page.wait_for_timeout(3000)
            menu = page.evaluate(_DRAWN)  # whole by now
            page.keyboard.press("Control+Shift+C")  # the palette of commands
            palette = _other_than(page, menu)
            assert before != menu, "the pointer arrives"
            assert menu != palette, "and so do keys"
            PICTURES.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=PICTURES / "strict.png")
        return colours, refused

    async def scene(box: Sandbox) -> None:
        async with gate(box.folder) as (address, cookie, sent):
            colours, refused = await asyncio.to_thread(look, address, cookie)
            assert colours > SEEN, "a blank screen has one, JupyterLab's splash some tens"
            assert [each for each in refused if "webrtc" not in each and "favicon" not in each] == []
            assert sum(sent) > 100_000

    with workspace(tmp_path, *desktop.commands(HOME, BASE, 8888)) as box:
        straight(box)
        asyncio.run(asyncio.wait_for(scene(box), 400))


def _other_than(page: Page, before: int) -> int:
    """Return what is drawn once it is another than before, or what is drawn still after half a minute."""
    for _ in range(30):
        page.wait_for_timeout(1000)
        if (drawn := page.evaluate(_DRAWN)) != before:
            break
    return int(drawn)


SEEN = 200
# What stands where the first menu and the palette open.
_DRAWN = """() => {
    const canvas = document.querySelector('canvas');
    const drawn = canvas.getContext("2d").getImageData(40, 60, 900, 300).data;
    return drawn.reduce((sum, each) => (31 * sum + each) | 0, 0); }"""
# How many colours a canvas shows.
_COLOURS = """() => {
    const canvas = document.querySelector('canvas');
    const data = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return new Set(data).size; }"""
