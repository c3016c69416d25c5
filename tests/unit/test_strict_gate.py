"""What passes between a strict workspace's screen and a browser, as plain bytes."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tre.workspace.frames import Broken, Frames, accepted, framed
from tre.workspace.rfb import ENCODINGS, FromBrowser, FromScreen, NotPassed

HELLO = b"RFB 003.008\n\x01\x00"
FORMAT = struct.pack(">BBBBHHHBBBxxx", 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
ASK = struct.pack(">BBHHHH", 3, 1, 0, 0, 10, 10)
KEY = struct.pack(">BBxxI", 4, 1, 97)
POINTER = struct.pack(">BBHH", 5, 1, 3, 4)


def cut(text: bytes, extended: bool = False) -> bytes:
    return struct.pack(">Bxxxi", 6, -len(text) if extended else len(text)) + text


def screens(name: bytes = b"rows") -> bytes:
    first = b"RFB 003.008\n" + b"\x02\x01\x02" + bytes(4)
    return first + struct.pack(">HH", 10, 10) + FORMAT + struct.pack(">I", len(name)) + name


def rectangle(encoding: int, data: bytes, width: int = 2, height: int = 3) -> bytes:
    return struct.pack(">HHHHi", 0, 0, width, height, encoding) + data


def update(*rectangles: bytes, count: int | None = None) -> bytes:
    return struct.pack(">BxH", 0, len(rectangles) if count is None else count) + b"".join(rectangles)


RAW = rectangle(0, b"p" * 24)
ZRLE = rectangle(16, struct.pack(">I", 5) + b"zzzzz")
CURSOR = rectangle(-239, b"c" * 24 + b"m" * 3)
COPY = rectangle(1, b"1234")
SIZE, LAST = rectangle(-223, b"", 1440, 900), rectangle(-224, b"", 0, 0)


def test_a_browser_asks_for_pixels_and_sends_keys_and_a_pointer():
    passing = FromBrowser()
    told = b"\x00xxx" + FORMAT + ASK + KEY + POINTER
    assert passing.feed(HELLO + told) == b"RFB 003.008\n\x01\x01" + told


@pytest.mark.parametrize("text", [b"", b"rows", b"r" * 200_000])
@pytest.mark.parametrize("extended", [False, True])
def test_a_browser_s_cut_text_is_left_out(text, extended):
    passing = FromBrowser()
    passing.feed(HELLO)
    assert passing.feed(cut(text, extended) + KEY) == KEY


def test_a_browser_s_encodings_are_those_of_known_length():
    passing = FromBrowser()
    passing.feed(HELLO)
    extended_clipboard, desktop_name, tight, fence = -1063131698, -307, 7, -312
    asked = [16, tight, 0, extended_clipboard, -239, desktop_name, fence]
    told = passing.feed(struct.pack(f">BxH{len(asked)}i", 2, len(asked), *asked))
    assert told == struct.pack(">BxH3i", 2, 3, 16, 0, -239)
    assert not ENCODINGS & {extended_clipboard, desktop_name, tight, fence, 5, 6, 21, 50, -308, -258, -309, -316}


@pytest.mark.parametrize(
    "told",
    [b"\x01", b"\x07", bytes([150]), bytes([248]), bytes([250]), bytes([251]), bytes([255]), b"\x00xxx" + bytes(16),
     struct.pack(">BxH", 2, 2000)],
)  # fmt: skip
def test_a_browser_says_nothing_else(told):
    passing = FromBrowser()
    passing.feed(HELLO)
    with pytest.raises(NotPassed):
        passing.feed(told)


@pytest.mark.parametrize("told", [b"RFB 003.003\n", b"GET / HTTP/1", b"RFB 003.008\n\x02"])
def test_a_browser_speaks_this_version_alone(told):
    with pytest.raises(NotPassed):
        FromBrowser().feed(told)


def test_a_screen_says_pixels_under_the_gate_s_own_name():
    passing = FromScreen()
    first = passing.feed(screens(b"what a name can carry"))
    assert first == b"RFB 003.008\n\x01\x01" + bytes(4) + struct.pack(">HH", 10, 10) + FORMAT + b"\0\0\0\x09workspace"
    shown = update(RAW, ZRLE, CURSOR, COPY, SIZE)
    assert passing.feed(shown) == shown
    without_end = update(RAW, ZRLE, LAST, count=0xFFFF)
    assert passing.feed(without_end + b"\x02" + RAW[:0] + update(RAW)) == without_end + update(RAW), "no bell"


@pytest.mark.parametrize("extended", [False, True])
def test_a_screen_s_cut_text_is_left_out(extended):
    passing = FromScreen()
    passing.feed(screens())
    told = b"\x03" + cut(b"rows" * 50_000, extended)[1:]
    assert passing.feed(update(RAW) + told + update(COPY)) == update(RAW) + update(COPY)


@pytest.mark.parametrize(
    "told",
    [b"\x01", bytes([248]), bytes([150]), bytes([250]), update(rectangle(7, b"")), update(rectangle(5, b"")),
     update(rectangle(-307, b"\0\0\0\x04rows")), update(rectangle(-308, b"")), update(rectangle(-250, b"")),
     update(rectangle(0, b"", 5000, 1)), update(rectangle(-223, b"", 1, 5000)),
     update(rectangle(16, struct.pack(">I", 2**31)))],
)  # fmt: skip
def test_a_screen_says_nothing_else(told):
    passing = FromScreen()
    passing.feed(screens())
    with pytest.raises(NotPassed):
        passing.feed(told)


@given(st.lists(st.sampled_from([RAW, ZRLE, CURSOR, COPY, SIZE]), max_size=5), st.integers(1, 40), st.booleans())
def test_however_the_bytes_come_the_same_passes(rectangles, size, text):
    said = screens() + update(*rectangles) + (b"\x03" + cut(b"rows")[1:] if text else b"") + update(RAW)
    passing, whole = FromScreen(), FromScreen().feed(said)
    assert b"".join(passing.feed(said[at : at + size]) for at in range(0, len(said), size)) == whole
    assert whole.endswith(update(*rectangles) + update(RAW))


@given(st.binary(max_size=300))
def test_nothing_but_messages_passes_whatever_comes(noise):
    for passing, begun in ((FromBrowser(), HELLO), (FromScreen(), screens())):
        first = passing.feed(begun)
        try:
            passed = passing.feed(noise)
        except NotPassed:
            continue
        assert len(passed) <= len(noise)
        assert first


def masked(data: bytes, kind: int = 2, mask: bytes = b"mask") -> bytes:
    plain = framed(data, kind)
    at = 2 if len(data) < 126 else 4 if len(data) < 2**16 else 10
    content = bytes(byte ^ mask[place % 4] for place, byte in enumerate(data))
    return plain[:1] + bytes([plain[1] | 0x80]) + plain[2:at] + mask + content


@given(st.lists(st.binary(max_size=400), max_size=4), st.integers(1, 50))
def test_frames_give_the_bytes_however_they_come(sent, size):
    told = b"".join(masked(each) for each in sent)
    frames = Frames()
    assert b"".join(frames.feed(told[at : at + size])[0] for at in range(0, len(told), size)) == b"".join(sent)


def test_a_long_frame_is_read_and_a_ping_answered():
    frames = Frames()
    assert frames.feed(masked(b"x" * 70_000)) == (b"x" * 70_000, b"")
    assert frames.feed(masked(b"there", 9)) == (b"", framed(b"there", 10))
    assert framed(b"x" * 300)[:4] == b"\x82\x7e\x01\x2c"
    assert framed(b"x" * 70_000)[:2] == b"\x82\x7f"


@pytest.mark.parametrize(
    "told",
    [framed(b"not masked"), masked(b"text", 1), masked(b"", 8), b"\xc2\x80mask", b"\x82\xff" + b"\x7f" * 8 + b"mask",
     masked(b"p" * 126, 9)],
)  # fmt: skip
def test_other_frames_end_it(told):
    with pytest.raises(Broken):
        Frames().feed(told)


def test_a_handshake_is_answered_as_the_standard_s_example():
    assert accepted(b"dGhlIHNhbXBsZSBub25jZQ==") == b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "RFC 6455, section 1.3"
    assert accepted(b"") is None
    assert accepted(b"no key") is None
