"""The tests' own Jupyter client: a kernel that ends, or is silent, ends the wait."""

from __future__ import annotations

import json

import pytest
import websocket

from tests.e2e.room import CellFailed, Kernel


class Socket:
    """What a notebook server sends, the last of it for ever."""

    def __init__(self, *frames: tuple[int, dict | None]) -> None:
        self.frames, self.asked = list(frames), {}

    def send(self, text: str) -> None:
        self.asked = json.loads(text)

    def recv_data(self, control_frame: bool = False) -> tuple[int, bytes]:
        opcode, message = self.frames.pop(0) if len(self.frames) > 1 else self.frames[0]
        if message is None:
            return opcode, b""
        parent = {"msg_id": self.asked["header"]["msg_id"]} if message.pop("ours", False) else {}
        return opcode, json.dumps({"parent_header": parent, **message}).encode()


PING = (websocket.ABNF.OPCODE_PING, None)


def said(kind: str, ours: bool = True, **content: str) -> tuple[int, dict]:
    return websocket.ABNF.OPCODE_TEXT, {"msg_type": kind, "content": content, "ours": ours}


def test_what_a_cell_printed_is_returned():
    socket = Socket(
        PING, said("stream", False, text="another"), said("stream", text="1"), said("status", execution_state="idle")
    )
    assert Kernel(socket, "s").run("print(1)").printed == "1"


@pytest.mark.parametrize("state", ["restarting", "dead"])
def test_a_kernel_that_ended_ends_the_wait(state):
    socket = Socket(PING, said("status", False, execution_state=state), PING)
    with pytest.raises(CellFailed, match="kernel ended"):
        Kernel(socket, "s").run("print(1)")


def test_a_server_that_only_pings_ends_the_wait():
    with pytest.raises(CellFailed, match="in time"):
        Kernel(Socket(PING), "s").run("print(1)", seconds=0.05)
