"""Mends that are safe to make without asking what a file means: each gives new bytes, and the file stays as it is.

A mend takes away or makes coarser, and adds nothing. What it gives is inspected again; nothing is called clean because
it was mended. The bytes are a stranger's, so that a mend runs where they are read (:mod:`tre.disclosure.mending`).
"""

from __future__ import annotations

import csv
import io
import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zipfile import BadZipFile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from tre.disclosure.mended_counts import rounded, suppressed
from tre.disclosure.model import DisclosureError, Inspection
from tre.disclosure.policy import Policy, Profile

# What a stranger's bytes make of the libraries that read them, in ways that no list foretells
_BROKEN = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, OSError, SyntaxError, OverflowError, RecursionError,
    csv.Error, zlib.error, struct.error, BadZipFile, Image.DecompressionBombError,
)  # fmt: skip
_BITS = 2  # lowest bits of a sample that a picture loses


@dataclass(frozen=True)
class Fix:
    """One mend: its name, for `--fix` and the page, what a person is told, and what it is for.

    Parameters
    ----------
    types : tuple of str
        The types of files it can be made on.
    rules : tuple of str
        The findings of which one calls for it.
    """

    name: str
    title: str
    types: tuple[str, ...]
    rules: tuple[str, ...]


_SAID = ("identifier", "possible-identifier", "person-name", "possible-name", "pseudonym", "held-identifier",
         "foreign-pseudonym", "person-digest", "possible-person-digest", "date-of-birth")  # fmt: skip
_HIDDEN = ("hidden-content", "appended-bytes", "hidden-message", "concealed-text", "encoded-text")
FIXES = (
    Fix(
        "re-encode-image", "Draw the picture afresh: flat, without metadata, its lowest two bits cleared",
        ("png", "jpeg", "gif", "tiff"),
        ("hidden-in-pixels", "possible-hidden-in-pixels", *_HIDDEN, *_SAID),
    ),
    Fix(
        "strip-outputs", "Take out every output, attachment and piece of metadata of the notebook",
        ("notebook",),
        ("record-level", "possible-records", "figure-rows", "possible-figure-rows", "small-count",
         "possible-small-count", "value-list", "picture", "active-content", "unique-persons", *_HIDDEN, *_SAID),
    ),
    Fix(
        "drop-hidden", "Keep the values of what is visible: no hidden sheets, rows or columns, comments or formulas",
        ("xlsx",), ("hidden-content", "formula", "active-content", *_SAID),
    ),
    Fix("drop-metadata", "Take out what the file says about itself", ("parquet", "safetensors"), (*_HIDDEN, *_SAID)),
    Fix("suppress", "Suppress small counts, and one more where a total tells one", ("csv",), ("small-count",)),
    Fix("round", "Round counts as the profile asks; where it asks for none, suppress small ones and round the others",
        ("csv",), ("small-count", "unrounded-count")),
)  # fmt: skip


def fixes_for(inspection: Inspection) -> tuple[Fix, ...]:
    """Return the mends that the findings of one file call for."""
    met = {finding.rule for finding in inspection.findings}
    return tuple(fix for fix in FIXES if inspection.type in fix.types and met & set(fix.rules))


def apply(name: str, data: bytes, policy: Policy, profile: str) -> bytes:
    """Return the mended bytes of a file.

    Raises
    ------
    DisclosureError
        There is no such mend, or it cannot be made on these bytes.
    """
    if name not in _MENDS:
        raise DisclosureError(f"There is no fix '{name}'", todo="Use one of " + ", ".join(_MENDS))
    try:
        return _MENDS[name](data, policy, policy.profile(profile))
    except _BROKEN as error:
        raise DisclosureError("The file cannot be mended as it is", where=name, todo="Make it again") from error


def _re_encode_image(data: bytes, policy: Policy, profile: Profile) -> bytes:
    """Return the first frame as an RGB PNG on white."""
    del profile
    with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "GIF", "TIFF"]) as picture:
        if picture.width * picture.height > policy.limits["pixels"]:
            raise ValueError("too large")
        seen = picture.convert("RGBA")
    shown = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    steps = (1 << (8 - _BITS)) - 1
    coarse = ((np.asarray(shown).astype(np.uint16) >> _BITS) * 255 // steps).astype(np.uint8)
    made = io.BytesIO()
    Image.fromarray(coarse).save(made, "PNG", optimize=True)
    return made.getvalue()


def _strip_outputs(data: bytes, policy: Policy, profile: Profile) -> bytes:
    """Return a notebook of sources alone (nbformat 4), with the name of its kernel's language."""
    del policy, profile
    book: dict[str, Any] = json.loads(data)
    cells = [_bare_cell(cell) for cell in book["cells"]]
    language = str(book.get("metadata", {}).get("kernelspec", {}).get("language", "python"))
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    kept = {"kernelspec": kernel} if language == "python" else {}
    made = {"cells": cells, "metadata": kept, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(made, indent=1, ensure_ascii=False).encode()


def _bare_cell(cell: dict[str, Any]) -> dict[str, Any]:
    kind = cell["cell_type"] if cell["cell_type"] in ("code", "markdown") else "raw"
    bare = {"cell_type": kind, "metadata": {}, "source": cell.get("source", "")}
    return {**bare, "outputs": [], "execution_count": None} if kind == "code" else bare


def _drop_hidden(data: bytes, policy: Policy, profile: Profile) -> bytes:
    """Return a workbook of the visible cells' values."""
    del policy, profile
    import openpyxl

    book, made = openpyxl.load_workbook(io.BytesIO(data), data_only=True, keep_links=False), openpyxl.Workbook()
    made.remove(made.active)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            copy = made.create_sheet(sheet.title)
            hidden = [each for each in sheet.column_dimensions.values() if each.hidden]
            columns = {number for each in hidden for number in range(each.min, each.max + 1)}
            for cells in sheet.iter_rows():
                if cells and not sheet.row_dimensions[cells[0].row].hidden:
                    copy.append([cell.value for cell in cells if cell.column not in columns])
    packed = io.BytesIO()
    made.save(packed)
    return packed.getvalue()


def _drop_metadata(data: bytes, policy: Policy, profile: Profile) -> bytes:
    """Return a Parquet or safetensors file without metadata of its own."""
    del policy, profile
    if data.startswith(b"PAR1"):
        table, packed = pq.read_table(io.BytesIO(data)), pa.BufferOutputStream()
        fields = [pa.field(field.name, field.type, field.nullable) for field in table.schema]
        pq.write_table(pa.table(table.columns, schema=pa.schema(fields)), packed)
        return bytes(packed.getvalue())
    size = int.from_bytes(data[:8], "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + size])
    end = max((each["data_offsets"][1] for name, each in header.items() if name != "__metadata__"), default=0)
    kept = json.dumps({name: each for name, each in header.items() if name != "__metadata__"}).encode()
    kept += b" " * (-len(kept) % 8)
    return len(kept).to_bytes(8, "little") + kept + data[8 + size : 8 + size + end]


def _suppress(data: bytes, policy: Policy, profile: Profile) -> bytes:
    """Return a table of counts with the small ones suppressed."""
    del policy
    return suppressed(data, profile, base=1)


def _round(data: bytes, policy: Policy, profile: Profile) -> bytes:
    """Return a table of counts rounded as the profile asks: one that asks for none has small ones suppressed."""
    if profile.rounding == "none":
        return suppressed(data, profile, base=int(policy.shape["round_base"]))
    return rounded(data, profile)


_MENDS: dict[str, Callable[[bytes, Policy, Profile], bytes]] = {
    "re-encode-image": _re_encode_image,
    "strip-outputs": _strip_outputs,
    "drop-hidden": _drop_hidden,
    "drop-metadata": _drop_metadata,
    "suppress": _suppress,
    "round": _round,
}
