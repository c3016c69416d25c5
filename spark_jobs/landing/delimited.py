"""Reads delimited text in the encodings and dialects that providers' systems write, as the manifest declares them."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.contracts import Contract
from spark_jobs.errors import JobRefused
from spark_jobs.landing import plain
from spark_jobs.landing.canonical import BATCH, Writer
from spark_jobs.landing.plain import MOST_LINE
from spark_jobs.manifest import SentFile

_CODECS = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "windows-1252": "cp1252"}
_NAMES = {"utf-8": "UTF-8", "utf-16": "UTF-16", "windows-1252": "Windows-1252"}
# How a declared form of date becomes that of ISO 8601; a cell of another form stays, and validation judges it.
_DATES = {
    "DD/MM/YYYY": (r"^(\d{1,2})/(\d{1,2})/(\d{4})\b", r"\3-\2-\1"),
    "DD-MM-YYYY": (r"^(\d{1,2})-(\d{1,2})-(\d{4})\b", r"\3-\2-\1"),
    "DD.MM.YYYY": (r"^(\d{1,2})\.(\d{1,2})\.(\d{4})\b", r"\3-\2-\1"),
    "YYYYMMDD": (r"^(\d{4})(\d{2})(\d{2})\b", r"\1-\2-\3"),
}
# What is sent for text by mistake, by its first bytes.
_NO_TEXT = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"\x1f\x8b": "packed with gzip",
    b"PAR1": "Parquet",
    b"%PDF": "a PDF document",
}
_CHUNK = 256 * 1024  # characters or bytes


def read(path: Path, told: SentFile, contract: Contract, out: Writer) -> int:
    """Write the file's rows, and return how many there are.

    Parameters
    ----------
    path : Path
        The file as sent, unpacked.

    Raises
    ------
    JobRefused
        Naming the row, and where it can the field, at which the file is not what the manifest declares.
    """
    _check_text(path, told)
    if told.encoding == "windows-1252":
        _check_not_utf8(path, told)
    wanted = [field.name for field in contract.fields]
    dated = {field.name for field in contract.fields if field.type in ("date", "timestamp")}
    count = 0
    for arrays in _arrays(path, told, wanted):
        rewritten = (_rewritten(array, name in dated, told) for name, array in zip(wanted, arrays, strict=True))
        out.write(told.name, count + 1, list(rewritten))
        count += len(arrays[0])
    return count


def _arrays(path: Path, told: SentFile, wanted: list[str]) -> Iterator[list[Any]]:
    """Yield, batch by batch, the cells of each wanted column: read by Arrow while the file is plain, then by Python."""
    at, count = 0, 0
    for end, arrays in plain.blocks(path, told, wanted):
        at, count = end, count + len(arrays[0])
        yield arrays
    for places, batch in _batches(path, told, wanted, at, count):
        columns = list(zip(*batch, strict=True))
        yield [pa.array(columns[place], pa.string()) for place in places]


def lines(path: Path, told: SentFile, at: int = 0) -> Iterator[str]:
    """Yield the file's lines as text, with their ends, from a byte on at which one begins.

    Raises
    ------
    JobRefused
        At what is not of the declared encoding, and where no line's end comes for too long.
    """
    return chain.from_iterable(_pieces(path, told, at))


def _pieces(path: Path, told: SentFile, at: int) -> Iterator[list[str]]:
    """Yield the lines piece by piece: a call for each line would cost more than its parsing."""
    number, rest, codec = 0, "", told.encoding if at else _CODECS[told.encoding]  # a mark of byte order comes first
    with path.open("rb") as raw, io.TextIOWrapper(raw, codec, newline="\n") as file:
        raw.seek(at)
        try:
            while piece := file.read(_CHUNK):
                *whole, rest = (rest + piece).split("\n")
                number += len(whole)
                if len(rest) > MOST_LINE:
                    where = f"{told.name}, line {number + _lines_before(path, at) + 1}"
                    raise JobRefused("A line is too long", where=where, todo="Send it as the contract says")
                yield [f"{line}\n" for line in whole]
        except UnicodeError:
            where = f"{told.name}, line {_undecodable(path, told)}"
            what = f"The file is not {_NAMES[told.encoding]}"
            raise JobRefused(what, where=where, todo="Declare its encoding in the manifest") from None
    if rest:
        yield [rest]


def _batches(
    path: Path, told: SentFile, wanted: list[str], at: int, done: int
) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Yield, batch by batch, the place of each of the contract's columns and the rows.

    Parameters
    ----------
    at, done : int
        The byte at which the first row begins that is still to be read, or 0, and how many come before it.
    """
    quotes: Any = {"quotechar": told.quote} if told.quote else {"quoting": csv.QUOTE_NONE}
    text = chain(islice(lines(path, told), 1), lines(path, told, at)) if at else lines(path, told)  # header and rows
    rows = csv.reader(text, delimiter=told.delimiter, strict=True, **quotes)
    batch: list[list[str]] = []
    try:
        header = next(rows, [])
        places = _places(header, wanted, told)
        while True:
            batch = []
            batch.extend(islice(rows, BATCH))
            if not batch:
                return
            _check_widths(batch, len(header), done, told)
            yield places, batch
            done += len(batch)
    except csv.Error as error:
        where = f"{told.name}, row {done + len(batch) + 1}"
        if "field larger" in str(error):
            raise JobRefused("A field is too long", where=where, todo="Send it as the contract says") from None
        raise JobRefused("A row's quotes do not close", where=where, todo="Quote as RFC 4180 says") from None


def _places(header: Sequence[str], wanted: Sequence[str], told: SentFile) -> list[int]:
    where, todo = f"{told.name}, line 1", "Send the contract's columns under its names"
    missing = [name for name in wanted if name not in header]
    if missing:
        raise JobRefused(f"The column '{missing[0]}' is missing", where=where, todo=todo)
    if len(header) != len(wanted):
        what = f"There are {len(header)} columns instead of {len(wanted)}"
        raise JobRefused(what, where=where, todo=todo)
    return [header.index(name) for name in wanted]


def _check_widths(batch: list[list[str]], width: int, done: int, told: SentFile) -> None:
    if set(map(len, batch)) != {width}:
        place = next(place for place, row in enumerate(batch) if len(row) != width)
        what = f"A row has {len(batch[place])} fields instead of {width}"
        raise JobRefused(what, where=f"{told.name}, row {done + place + 1}", todo="Send whole rows")


def _rewritten(array: Any, dated: bool, told: SentFile) -> Any:
    if dated and told.dates in _DATES:
        pattern, made = _DATES[told.dates]
        return pc.replace_substring_regex(array, pattern, made, max_replacements=1)
    return array


def _lines_before(path: Path, at: int) -> int:
    with path.open("rb") as file:
        return sum(file.read(min(_CHUNK, at - begin)).count(b"\n") for begin in range(0, at, _CHUNK))


def _undecodable(path: Path, told: SentFile) -> int:
    """Return the line at which the encoding breaks."""
    decoder = codecs.getincrementaldecoder(_CODECS[told.encoding])()
    end, line = "\n", 1
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            try:
                line += decoder.decode(chunk).count(end)
            except UnicodeDecodeError as error:
                ends = error.object[: error.start].count(end.encode("utf-16-le" if "16" in told.encoding else "ascii"))
                return line + ends
            except UnicodeError:  # UTF-16 without the mark that says which way round it is
                return line
    return line  # it breaks off in the middle of a character


def _check_text(path: Path, told: SentFile) -> None:
    with path.open("rb") as file:
        head = file.read(4)
    for mark, kind in _NO_TEXT.items():
        if head.startswith(mark):
            what = f"The file is {kind} and the manifest says delimited text"
            raise JobRefused(what, where=told.name, todo="Send text, or tell its form and packing in the manifest")


def _check_not_utf8(path: Path, told: SentFile) -> None:
    """Refuse UTF-8 under the name of Windows-1252, in which almost any bytes are text."""
    decoder, beyond = codecs.getincrementaldecoder("utf-8")(), False
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            beyond = beyond or not chunk.isascii()
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return
    if beyond:
        what = "The file is UTF-8 and the manifest says Windows-1252"
        raise JobRefused(what, where=told.name, todo="Declare its encoding in the manifest")
