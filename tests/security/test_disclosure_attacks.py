"""What a hostile file tries on inspection; those with a worker read it inside the sandbox."""

from __future__ import annotations

import io
import os
import pickle
import shutil
import struct
import sys
import zipfile
import zlib
from pathlib import Path

import pytest

from tre.disclosure import Context, Inspection, inspect, together
from tre.disclosure import worker as worker_module
from tre.disclosure.policy import load_policy

OPEN = Context(sandbox=False)
pytestmark = pytest.mark.sandbox
with_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")


def judged(folder: Path, content: bytes, context: Context = OPEN) -> Inspection:
    path = folder / "file.csv"
    path.write_bytes(content)
    return inspect(path, context)


def rules(inspection: Inspection) -> set[str]:
    return {finding.rule for finding in inspection.findings}


class Payload:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("wrapped", [False, True])
def test_a_pickle_is_blocked_and_never_run(tmp_path: Path, protocol: int, wrapped: bool) -> None:
    target = tmp_path / "proof"
    body = pickle.dumps(Payload(target), protocol=protocol)
    if wrapped:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("model/data.txt", body)
        body = zlib.compress(packed.getvalue())
    found = judged(tmp_path, body)
    assert "pickle" in rules(found)
    assert found.verdict == "block"
    assert not target.exists()
    pickle.loads(pickle.dumps(Payload(target)))  # the payload does work where it is loaded
    assert target.exists()


def test_a_zip_bomb_is_stopped(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"0" * 300_000_000)
    assert "too-big" in rules(judged(tmp_path, packed.getvalue()))
    assert "too-big" in rules(judged(tmp_path, zlib.compress(b"0" * 300_000_000)))


def test_archives_within_archives_end(tmp_path: Path) -> None:
    body = b"text\n"
    for _ in range(8):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("inner", body)
        body = packed.getvalue()
    assert "too-big" in rules(judged(tmp_path, body))


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/passwd", "a\\..\\..\\b", "C:/x"])
def test_a_path_out_of_the_archive_is_blocked(tmp_path: Path, name: str) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    assert "unsafe-path" in rules(judged(tmp_path, packed.getvalue()))


def test_xml_entities_are_not_expanded(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
    drawing = f'<?xml version="1.0"?><!DOCTYPE svg [{levels}]><svg xmlns="http://www.w3.org/2000/svg">&a9;</svg>'
    assert rules(judged(tmp_path, drawing.encode())) == {"xml-entities"}
    assert rules(judged(tmp_path, drawing.encode("utf-16"))) == {"xml-entities"}


def test_formula_cells_are_found(tmp_path: Path) -> None:
    assert "formula" in rules(judged(tmp_path, b"band,count\n=WEBSERVICE(1),40\n30-39,50\n"))
    assert "formula" not in rules(judged(tmp_path, b"change,count\n-1.5,40\n+2,50\n"))


def picture() -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\1\2\0\3\4")
    text = chunk(b"tEXt", b"Comment\0patient Margaret Thornton")
    ends = chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + ends


def test_what_hides_in_a_picture_is_found(tmp_path: Path) -> None:
    found = judged(tmp_path, picture() + b"A2B3C4D5E6F7ABCDEFGHIJKLMN\n")
    assert {"appended-bytes", "person-name", "pseudonym", "picture"} <= rules(found)


def test_every_cut_of_a_picture_and_of_tensors_is_unreadable(tmp_path: Path) -> None:
    import numpy as np
    from safetensors.numpy import save

    whole = picture()
    for cut in range(9, len(whole), 7):
        assert judged(tmp_path, whole[:cut]).verdict == "block"
    tensors = save({"w": np.zeros((4, 4), "f4")})
    for cut in range(len(tensors) - 64, len(tensors), 5):
        assert judged(tmp_path, tensors[:cut]).verdict == "block"
    assert "appended-bytes" in rules(judged(tmp_path, tensors + b"0123456789"))


def test_unknown_bytes_are_not_passed(tmp_path: Path) -> None:
    for content in (
        b"%PDF-1.7 x",
        b"\x00\x01\x02\x03" * 50,
        b"SQLite format 3\x00",
        b"PAR1 cut short",
        b"PK\x03\x04cut",
    ):
        found = judged(tmp_path, content)
        assert (found.verdict, rules(found)) == ("block", {"unreadable"})


def test_nested_json_does_not_break_inspection(tmp_path: Path) -> None:
    assert judged(tmp_path, b'{"a":' * 5000 + b"1" + b"}" * 5000).verdict in ("block", "pass", "review")


@with_bwrap
def test_the_worker_finds_what_the_open_reader_finds(tmp_path: Path) -> None:
    body = b"name,nhs\nMargaret Thornton,9990000018\nPeter Wilson,9990000026\n"
    inside, outside = judged(tmp_path, body, Context()), judged(tmp_path, body)
    assert inside == outside
    assert inside.verdict == "block"


@with_bwrap
def test_the_workers_death_is_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/usr/bin/false")
    found = judged(tmp_path, b"plain text\n", Context())
    assert (found.verdict, rules(found)) == ("block", {"unreadable"})


@with_bwrap
def test_from_inside_the_worker_there_is_no_network_and_no_other_file(tmp_path: Path) -> None:
    import subprocess

    (tmp_path / "file").write_text("x")
    (tmp_path / "secret").write_text("y")
    probe = (
        "import socket, os\n"
        "assert os.listdir('/sys/class/net') == ['lo'] if os.path.isdir('/sys/class/net') else True\n"
        "s = socket.socket(); s.settimeout(2)\n"
        "try:\n    s.connect(('192.0.2.1', 80)); raise SystemExit(9)\n"
        "except OSError as error:\n    assert error.errno == 101, error\n"
        f"assert not os.path.exists({str(tmp_path / 'secret')!r})\n"
        "assert open('/file').read() == 'x'\n"
        "try:\n    open('/file', 'w'); raise SystemExit(8)\n"
        "except OSError:\n    pass\n"
        "assert int([l for l in open('/proc/self/status') if l.startswith('CapEff')][0].split()[1], 16) == 0\n"
    )
    command = worker_module.sandboxed(str(shutil.which("bwrap")), tmp_path / "file", Context())
    done = subprocess.run([*command, sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@with_bwrap
def test_the_workers_answer_is_not_believed_beyond_its_form() -> None:
    for answer in (b"", b"[]", b'{"type": "csv", "hits": [{"rule": "x"}]}', b'{"type": 1, "hits": []}'):
        assert worker_module._parsed(answer, load_policy())[0] == "unreadable"


@pytest.mark.parametrize(
    "text",
    [
        "import pandas as pd\ndf = 1\nprint(df)\n", "imd_quintile,n\n1,40\n2,50\n", "a. First item\n",
        "count\nabc\nRest.\n",
        "(draft)\nclass Model:\n    pass\n", "(c) the authors. All of it.\n",
    ],
)  # fmt: skip
def test_plain_text_is_not_taken_for_a_pickle(tmp_path: Path, text: str) -> None:
    assert "pickle" not in rules(judged(tmp_path, text.encode()))


def test_a_pickle_that_is_cut_short_or_followed_by_text_is_still_one(tmp_path: Path) -> None:
    body = pickle.dumps(Payload(tmp_path / "proof"), protocol=0)
    assert "pickle" in rules(judged(tmp_path, body[:-1]))
    assert "pickle" in rules(judged(tmp_path, body + b"\nband,count\n1,40\n"))
    assert not (tmp_path / "proof").exists()


_LOOKS_AROUND = """
import json, os, socket, sys
from tre.disclosure import together

def answer(path, asked):
    reached = []
    for what in ("mem", "environ", "fd/0"):
        try:
            open(f"/proc/{os.getppid()}/{what}", "rb").read(1)
            reached.append(what)
        except OSError:
            pass
    try:
        socket.create_connection(("1.1.1.1", 80), 1)
        reached.append("network")
    except OSError:
        pass
    return [path.read_text(), reached, sorted(each.name for each in together.FOLDER.iterdir())]

together.answer_each(json.load(sys.stdin)["asked"], answer, lambda size: 10, 10_000)
"""


@with_bwrap
def test_a_file_that_is_read_with_others_reaches_neither_their_process_nor_another_requests_files(tmp_path):
    for name in ("one", "two", "another request's"):
        (tmp_path / name).write_text(name)
    bwrap = str(shutil.which("bwrap"))
    command = worker_module.sandboxed(bwrap, [tmp_path / "one", tmp_path / "two"], Context())
    found = together.ask([*command, sys.executable, "-c", _LOOKS_AROUND], {"asked": [0, 0]}, 60, 10**6)
    assert found == {0: ["one", [], ["0", "1"]], 1: ["two", [], ["0", "1"]]}
