"""A hostile program on a strict workspace's screen: speaks X11 by hand, from the standard library alone.

It is run as a file inside the sandbox, and prints one line of JSON for each thing that it tried. Requests are those of
the X Window System Protocol, version 11 ("X11R7.7"); the extension's is TigerVNC's (``vncExtProto.h``).
"""

from __future__ import annotations

import json
import select
import socket
import struct
import sys
import time
from pathlib import Path

DISPLAY = "/tmp/.X11-unix/X0"


class Screen:
    """A connection to the X server."""

    def __init__(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            self._socket = socket.socket(socket.AF_UNIX)
            try:
                self._socket.connect(DISPLAY)
                self._socket.sendall(struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0))
                told = self._exactly(8)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        assert told[0] == 1, told
        setup = self._exactly(4 * struct.unpack("<H", told[6:8])[0])
        self._base, vendor, formats = *struct.unpack("<4xI", setup[:8]), struct.unpack("<H", setup[16:18])[0], setup[21]
        screens = 32 + (vendor + 3) // 4 * 4 + 8 * formats
        (self.root,) = struct.unpack("<I", setup[screens : screens + 4])
        self.events: list[bytes] = []
        self.window = self._base + 1
        told = struct.pack("<IIhhHHHHII", self.window, self.root, 0, 0, 1, 1, 0, 0, 0, 0)
        self.ask(1, 0, told)

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self._socket.recv(count - len(data))
            if not more:
                raise ConnectionError("hung up")
            data += more
        return data

    def ask(self, major: int, detail: int, body: bytes) -> None:
        body += bytes(-len(body) % 4)
        self._socket.sendall(struct.pack("<BBH", major, detail, 1 + len(body) // 4) + body)

    def reply(self) -> bytes:
        """Return the next reply, or an error; events are kept."""
        while True:
            told = self._exactly(32)
            if told[0] == 1:
                return told + self._exactly(4 * struct.unpack("<I", told[4:8])[0])
            if told[0] == 0:
                return told
            self.events.append(told)

    def event(self, seconds: float) -> bytes | None:
        """Return the next event, or None when none comes."""
        if self.events:
            return self.events.pop(0)
        if not select.select([self._socket], [], [], seconds)[0]:
            return None
        told = self._exactly(32)
        if told[0] == 1:
            self._exactly(4 * struct.unpack("<I", told[4:8])[0])
        return told

    def atom(self, name: str) -> int:
        self.ask(16, 0, struct.pack("<HH", len(name), 0) + name.encode())
        return struct.unpack("<I", self.reply()[8:12])[0]

    def extension(self, name: str) -> int:
        self.ask(98, 0, struct.pack("<HH", len(name), 0) + name.encode())
        told = self.reply()
        return told[9] if told[8] else 0

    def own(self, selection: str) -> None:
        self.ask(22, 0, struct.pack("<III", self.window, self.atom(selection), 0))

    def serve(self, text: bytes, seconds: float) -> list[int]:
        """Answer whoever asks for the selections, and return what they asked for."""
        targets, atom, string = self.atom("TARGETS"), self.atom("ATOM"), self.atom("UTF8_STRING")
        asked, deadline = [], time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            told = self.event(left)
            if told is None or told[0] & 0x7F != 30:
                continue
            moment, _, wanted, selection, target, where = struct.unpack("<IIIIII", told[4:28])
            asked.append(target)
            if target == targets:
                value, kind, size = struct.pack("<III", targets, string, 31), atom, 32
            else:
                value, kind, size = text, target, 8
            count = len(value) * 8 // size
            self.ask(18, 0, struct.pack("<IIIBxxxI", wanted, where, kind, size, count) + value)
            event = struct.pack("<BxHIIIII8x", 31, 0, moment, wanted, selection, target, where)
            self.ask(25, 0, struct.pack("<II", wanted, 0) + event)
        return asked

    def paste(self, selection: str, seconds: float = 1.0) -> str:
        """Return what is in a selection, as its owner tells it."""
        where = self.atom("PASTED")
        self.ask(24, 0, struct.pack("<IIIII", self.window, self.atom(selection), self.atom("UTF8_STRING"), where, 0))
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            told = self.event(left)
            if told is not None and told[0] & 0x7F == 31:
                self.ask(20, 1, struct.pack("<IIIII", self.window, where, 0, 0, 1000))
                answer = self.reply()
                return answer[32 : 32 + struct.unpack("<I", answer[16:20])[0]].decode("latin-1")
        return ""

    def set_option(self, option: str) -> bool:
        """Ask the server to change one of its own options, as ``vncconfig`` does; return whether it did."""
        major = self.extension("VNC-EXTENSION")
        if not major:
            return False
        self.ask(major, 0, struct.pack("<Bxxx", len(option)) + option.encode())
        told = self.reply()
        return told[0] == 1 and bool(told[1])


def _tell(**found: object) -> None:
    print(json.dumps(found), flush=True)


def _speaks_rfb(family: int, address: object) -> bool:
    with socket.socket(family) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(address)
            return probe.recv(4).startswith(b"RFB")
        except OSError:
            return False


def main() -> None:
    """Try it all: the server's options, its other door, and the clipboard both ways."""
    screen = Screen()
    options = ("SendCutText=1", "AcceptCutText=1", "SendPrimary=1", "SetPrimary=1", "desktop=rows", "AllowOverride=*")
    _tell(changed=[each for each in options if screen.set_option(each)])
    ports = [port for port in (5900, 5901, 5800, 6000, 8888) if _speaks_rfb(socket.AF_INET, ("127.0.0.1", port))]
    paths = [*Path("/doors").rglob("*"), *Path("/tmp").rglob("*"), *Path("/project").rglob("*")]
    _tell(rfb=[*ports, *(str(path) for path in paths if path.is_socket() and _speaks_rfb(socket.AF_UNIX, str(path)))])
    shared = [each for each in ("MIT-SHM", "RECORD", "XTEST") if screen.extension(each)]
    _tell(extensions=shared)
    for _ in range(int(sys.argv[1])):
        _tell(pasted=[screen.paste(each) for each in ("CLIPBOARD", "PRIMARY")])
        for each in ("PRIMARY", "CLIPBOARD"):
            screen.own(each)
        screen.serve(b"rows-on-the-clipboard", 1.5)


if __name__ == "__main__":
    main()
