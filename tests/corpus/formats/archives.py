"""Archives and compressed files: ZIP, TAR and GZ."""

from __future__ import annotations

import gzip
import io
import re
import struct
import tarfile
import zipfile
import zlib
from random import Random

import pandas as pd

from tests.corpus.formats.zipped import STAMP, packed
from tests.corpus.hosts import counts, paragraph
from tests.corpus.model import Carrier, TableCarrier


def _ordinary(random: Random) -> dict[str, bytes]:
    return {
        "table1.csv": counts(random).to_csv(index=False).encode(),
        "README.md": f"# Results\n\n{paragraph(random)}\n".encode(),
    }


def _member(text: str, random: Random) -> bytes:
    return packed({**_ordinary(random), "notes.txt": text})


def _nested(text: str, random: Random) -> bytes:
    return packed({**_ordinary(random), "more.zip": packed({"inner/notes.txt": text})})


def _name(text: str, random: Random) -> bytes:
    return packed({**_ordinary(random), f"plots/{_as_name(text)}.txt": paragraph(random)})


def _as_name(text: str) -> str:
    return re.sub(r"[^\w.-]+", "_", text)


def _comment(text: str, random: Random) -> bytes:
    return packed(_ordinary(random), text.encode()[:60000])


def _member_field(field: str, place: str) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in _ordinary(random).items():
                info = zipfile.ZipInfo(name, STAMP)
                held = text.encode()
                setattr(info, field, held if field == "comment" else struct.pack("<HH", 0x4E54, len(held)) + held)
                archive.writestr(info, data)
        return out.getvalue()

    return Carrier("zip", place, write, fair=None)


def _dot_file(text: str, random: Random) -> bytes:
    return packed({**_ordinary(random), ".cache/.notes": text})


def _gap(text: str, random: Random) -> bytes:
    """Return an archive with bytes between its last member and its directory, where no reader looks."""
    data, held = packed(_ordinary(random)), text.encode()
    end = data.rindex(b"PK\5\6")
    (start,) = struct.unpack_from("<I", data, end + 16)
    last = bytearray(data[end:])
    struct.pack_into("<I", last, 16, start + len(held))
    return data[:start] + held + data[start:end] + bytes(last)


def _unlisted(text: str, random: Random) -> bytes:
    """Return an archive with a member that its directory does not list."""
    held, name = zlib.compress(text.encode())[2:-4], b"notes.txt"
    crc = zlib.crc32(text.encode())
    header = struct.pack("<4s5H3I2H", b"PK\3\4", 20, 0, 8, 0, 0x5CC1, crc, len(held), len(text.encode()), len(name), 0)
    data = packed(_ordinary(random))
    end = data.rindex(b"PK\5\6")
    (start,) = struct.unpack_from("<I", data, end + 16)
    more = header + name + held
    last = bytearray(data[end:])
    struct.pack_into("<I", last, 16, start + len(more))
    return data[:start] + more + data[start:end] + bytes(last)


def _tar(text: str, random: Random, *, pax: bool = False, name: str = "notes.txt") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, data in (*_ordinary(random).items(), (name, (paragraph(random) if pax else text).encode())):
            info = tarfile.TarInfo(path)
            info.size, info.mtime = len(data), 1_780_000_000
            if pax:
                info.pax_headers = {"comment": text}
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def _gzip_name(text: str, random: Random) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(f"{_as_name(text)}.csv", "wb", fileobj=out, mtime=0) as file:
        file.write(counts(random).to_csv(index=False).encode())
    return out.getvalue()


def _gzip_comment(text: str, random: Random) -> bytes:
    data = gzip.compress(counts(random).to_csv(index=False).encode(), mtime=0)
    return data[:3] + b"\x10" + data[4:10] + text.encode("latin-1") + b"\0" + data[10:]


def _gzip(text: str, random: Random) -> bytes:
    return gzip.compress(f"{paragraph(random)}\n{text}\n".encode(), mtime=0)


CARRIERS = (
    Carrier("zip", "a member", _member, open=True, lines=True),
    Carrier("zip", "a member of an archive inside", _nested),
    Carrier("zip", "a member's name", _name, limit=120),
    Carrier("zip", "the archive's comment", _comment, fair="review"),
    _member_field("comment", "a member's comment"),
    _member_field("extra", "a member's extra field"),
    Carrier("zip", "a dot file", _dot_file, fair=None),
    Carrier("zip", "a gap before the directory", _gap, fair=None),
    Carrier("zip", "a member that the directory leaves out", _unlisted, fair=None),
    Carrier("zip", "bytes after the end", lambda text, random: packed(_ordinary(random)) + text.encode(), fair=None),
    Carrier("tar", "a member", _tar, open=True, lines=True),
    Carrier("tar", "a member's name", lambda text, random: _tar("ok", random, name=_as_name(text)), limit=90),
    Carrier("tar", "a member's extended header", lambda text, random: _tar(text, random, pax=True), fair=None),
    Carrier(
        "tar.gz", "a member", lambda text, random: gzip.compress(_tar(text, random), mtime=0), open=True, lines=True
    ),
    Carrier("gz", "the content", _gzip, open=True, lines=True),
    Carrier("gz", "the file's name inside", _gzip_name, limit=90, ascii=True),
    Carrier("gz", "the header's comment", _gzip_comment, fair=None, ascii=True),
    Carrier(
        "gz", "bytes after the end", lambda text, random: _gzip(paragraph(random), random) + text.encode(), fair=None
    ),
)


def _zipped(table: pd.DataFrame, random: Random) -> bytes:
    return packed({"table1.csv": table.to_csv(index=False)})


def _gzipped(table: pd.DataFrame, random: Random) -> bytes:
    return gzip.compress(table.to_csv(index=False).encode(), mtime=0)


TABLES = (TableCarrier("zip", "a CSV table", _zipped), TableCarrier("gz", "a CSV table", _gzipped))
