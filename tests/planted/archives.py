"""ZIP, TAR, gzip, bzip2, xz, Zstandard."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import tarfile
import zipfile
from collections.abc import Mapping

Plant = Mapping[str, str]
CLEAN = "Results\nCounts of people.\n"


def zipped(members: Mapping[str, bytes | str], comment: bytes = b"") -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), body)
        archive.comment = comment
    return packed.getvalue()


def zip_(plant: Plant) -> bytes:
    inner = zipped({"deep.txt": plant.get("member of a member", CLEAN)})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        told = zipfile.ZipInfo(plant.get("member name", "results") + ".txt", (2026, 1, 1, 0, 0, 0))
        told.comment = plant.get("member comment", "").encode()
        extra = plant.get("extra field", "").encode()
        told.extra = b"\xfe\xca" + len(extra).to_bytes(2, "little") + extra if extra else b""
        archive.writestr(told, plant.get("member", CLEAN))
        archive.writestr("inner.zip", inner)
        archive.writestr("a folder/", plant.get("folder with bytes", ""))
        archive.comment = plant.get("comment", "").encode()
    return plant.get("before", "").encode() + packed.getvalue() + plant.get("after", "").encode()


def tar(plant: Plant) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        body = plant.get("member", CLEAN).encode()
        told = tarfile.TarInfo(plant.get("member name", "results") + ".txt")
        told.size, told.uname = len(body), plant.get("owner", "root")
        told.pax_headers = {"comment": plant.get("extended header", "x")}
        archive.addfile(told, io.BytesIO(body))
    made = packed.getvalue().rstrip(b"\0")
    blocks = made.ljust(-(-len(made) // 512) * 512, b"\0") + bytes(1024)
    return blocks + plant.get("after the end", "").encode()


def gzipped(plant: Plant) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(plant.get("name", "results") + ".txt", "w", fileobj=packed, mtime=0) as file:
        file.write(plant.get("contents", CLEAN).encode())
    second = gzip.compress(plant["second member"].encode()) if "second member" in plant else b""
    return packed.getvalue() + second + plant.get("appended", "").encode()


def bzipped(plant: Plant) -> bytes:
    second = bz2.compress(plant["second"].encode()) if "second" in plant else b""
    return bz2.compress(plant.get("contents", CLEAN).encode()) + second


def xzipped(plant: Plant) -> bytes:
    return lzma.compress(plant.get("contents", CLEAN).encode())


def zstandard(plant: Plant) -> bytes:
    import pyarrow as pa

    made = pa.BufferOutputStream()
    with pa.CompressedOutputStream(made, "zstd") as stream:
        stream.write(plant.get("contents", CLEAN).encode())
    return made.getvalue().to_pybytes()


def targz(plant: Plant) -> bytes:
    return gzip.compress(tar(plant), mtime=0)


KINDS = {
    "zip": (
        zip_,
        ("member", "member name", "member comment", "extra field", "member of a member", "comment", "before", "after",
         "folder with bytes"),
        (),
    ),
    "tar": (tar, ("member", "member name", "owner", "extended header", "after the end"), ()),
    "tar.gz": (targz, ("member",), ()),
    "gzip": (gzipped, ("contents", "name", "second member", "appended"), ()),
    "bzip2": (bzipped, ("contents", "second"), ()),
    "xz": (xzipped, ("contents",), ()),
    "zstandard": (zstandard, ("contents",), ()),
}  # fmt: skip
