"""Digests that may stand for people: of a number that anybody can try out, a digest without a key hides nothing.

All NHS numbers can be hashed in minutes (rorycl/nhsht: 300 million in five), so that MD5 or SHA of one (RFC 1321, FIPS
180-4) is the number. A digest does not say of what it is one. A word right before it may, or a column's name; where
nothing does, a digest for each row may be one for each person, unless the rows are of files, of commits or the like.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Series, Table
from tre.disclosure.detectors.patterns import label
from tre.disclosure.model import Hit
from tre.disclosure.packs import Pack

_WIDTHS = (32, 40, 56, 64, 96, 128)  # hexadecimal digits of MD5, SHA-1, SHA-224, -256, -384 and -512
_PADDED = {24: "==", 28: "=", 44: "=", 88: "=="}  # signs of MD5, SHA-1, SHA-256 and SHA-512 in base64, and the filling
# Those that no 128 bits of a pseudonym are
LONGER = "|".join(rf"[0-9a-f]{{{width}}}|[0-9A-F]{{{width}}}" for width in _WIDTHS if width > 32)
# What has a digest of its own that is no person's: in a column's name, in that of one beside it, or as its values
_THINGS = re.compile(
    r"\b(files?|file ?names?|paths?|folders?|commits?|revisions?|rev|trees?|blobs?|objects?|layers?|images?|etags?|"
    r"cache|builds?|artifacts?|packages?|modules?|versions?|releases?|urls?|uris?|links?|tables?|datasets?|models?|"
    r"runs?|experiments?|jobs?|steps?|tasks?|queries|query|schemas?|columns?|scripts?|notebooks?|cells?|tags?|branch|"
    r"repo(sitory)?|author|bytes|parts?|chunks?|algorithm|assets?|resources?|logs?|plans?|nodes?|snapshots?)\b",
    re.IGNORECASE,
)
_A_FILE = r"[/\\]|\.[A-Za-z][A-Za-z0-9]{0,5}$|^[a-z]+:"
_LINES = re.compile(r"(?:^[^\w\n]{0,8}[0-9a-fA-F]{32,128}[^\w\n]{0,8}$\n?){2,}", re.MULTILINE)
_HEAD = 200  # characters of the line over a list that may say what it is of
_MOST = 0.5  # share of a column's values that says what its rows are of


def find_digests(table: Table, shape: Mapping[str, float], pack: Pack) -> Iterator[Hit]:
    """Yield a hit for each column of a table that holds another digest in each row, of nothing that is told.

    A column that is named as a person's is told value by value.
    """
    unnamed = [n for n, name in enumerate(table.names) if not pack.person.search(label(name))]
    told = [n for n in unnamed if _are_digests(table.columns[n], shape)]
    others = [n for n in range(len(table.names)) if n not in told]
    named = any(_THINGS.search(label(name)) for name in table.names)
    if told and not named and not any(_are_files(table.columns[n]) for n in others):
        for n in told:
            place = f"row {table.start + 1}, column {table.names[n]}"
            yield Hit("possible-person-digest", "digest", table.where, place, table.rows, "", 0.5)


def find_listed_digests(series: Series, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for a list of digests, all of them different, under a name that tells no things."""
    likely = bool(series.values) and bool(_pattern(len(series.values[0]))) and not _THINGS.search(label(series.name))
    if likely and _are_digests(pa.array(series.values, pa.string()), shape):
        place = f"array {series.name}" if series.name else ""
        yield Hit("possible-person-digest", "digest", series.where, place, len(series.values), "", 0.5)


def find_lines_of_digests(where: str, text: str, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for the first lines of a text that are digests alone, unless a line over them says of what things."""
    for run in _LINES.finditer(text):
        start = run.start()
        head = text[max(0, text.rfind("\n", 0, max(start - 1, 0))) : start][-_HEAD:]
        lines = re.findall(r"\w+", run[0])
        if not _THINGS.search(label(head)) and _are_digests(pa.array(lines, pa.string()), shape):
            place = f"line {text.count(chr(10), 0, start) + 1}"
            yield Hit("possible-person-digest", "digest", where, place, len(lines), "", 0.5)
            return


def _are_digests(column: pa.Array, shape: Mapping[str, float]) -> bool:
    """Tell whether nearly all values are digests of one sort, and nearly all of them differ."""
    pattern = _pattern(len(column[0].as_py())) if len(column) >= shape["id_rows"] else ""
    if not pattern:
        return False
    held = pc.sum(pc.match_substring_regex(column, pattern)).as_py()
    least = shape["near_unique"] * len(column)
    return bool(held >= least and pc.count_distinct(column).as_py() >= least and not _counts_up(column))


def _pattern(width: int) -> str:
    """Return the pattern (RE2) of a digest of that many signs; empty where none has as many."""
    if width in _WIDTHS:
        return rf"^(?:[0-9a-f]{{{width}}}|[0-9A-F]{{{width}}})$"
    filling = _PADDED.get(width, "")
    return rf"^[A-Za-z0-9+/_-]{{{width - len(filling)}}}{filling}$" if filling else ""


def _counts_up(column: pa.Array) -> bool:
    """Tell whether most values begin alike, as numbers filled up with noughts do and digests never."""
    return bool(pc.count_distinct(pc.utf8_slice_codeunits(column, 0, 6)).as_py() < _MOST * len(column))


def _are_files(column: pa.Array) -> bool:
    """Tell whether most values are names of files or addresses of pages, of which a digest beside them is."""
    return bool(pc.sum(pc.match_substring_regex(column, _A_FILE)).as_py() >= _MOST * len(column))
