"""Parquet and Arrow IPC, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tre.disclosure.contents import Contents, Stream, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.beneath import Beneath
from tre.disclosure.readers.raw_strings import strings_of
from tre.disclosure.readers.spare_values import SpareValues, strings
from tre.disclosure.source import Source

_ROWS = 65_536  # of a batch
_DAMAGED = (pa.ArrowException, OSError, ValueError, EOFError)
_PARQUET, _FILE = b"PAR1", b"ARROW1\0\0"
_TAIL = 10  # bytes at an Arrow file's end: the length of the footer before them, and the mark
_END = b"\xff\xff\xff\xff\0\0\0\0"  # of a stream, as its writer closes it (Arrow columnar format, IPC streaming)
_OWN = {b"ARROW:schema"}  # written by the library itself: the schema once more


def read_parquet(source: Source, where: str, contents: Contents, policy: Policy) -> None:
    """Read every column as strings, and the metadata as text."""
    damaged = "the Parquet file is damaged"
    try:
        known = _dictionaries(pq.ParquetFile(source.arrow(), pre_buffer=False).metadata)
        file = pq.ParquetFile(source.arrow(), pre_buffer=False, read_dictionary=known)  # whole: also what no row has
        unpacked = sum(file.metadata.row_group(n).total_byte_size for n in range(file.num_row_groups))
        names = tuple(file.schema_arrow.names)
    except _DAMAGED as error:
        raise Unreadable(damaged) from error
    if unpacked > max(policy.limits["unpacked_bytes"], policy.limits["file_bytes"]):
        raise Unreadable("it unpacks to more than inspection reads", rule="too-big")
    spare = SpareValues(where)
    batches = spare.watched(file.iter_batches(batch_size=_ROWS, use_threads=True))
    contents.streams.append(Stream(where, names, _tables(where, names, batches, damaged)))
    contents.blocks.append(spare.left_over())
    contents.code.append(
        (f"{where} around its columns".strip(), strings_of(_around_columns(source, file.metadata, policy)))
    )
    _add_metadata(file.metadata.metadata, f"{where} Parquet metadata".strip(), contents)
    _add_schema(file.schema_arrow, where, contents)


def read_arrow(source: Source, where: str, contents: Contents, policy: Policy) -> None:
    """Read an Arrow IPC file or stream, every column as strings, and the metadata as text."""
    del policy
    damaged, file = "the Arrow file is damaged", source.arrow()
    try:
        if source.head(6) == b"ARROW1":
            opened = pa.ipc.open_file(file)
            batches = (opened.get_batch(n) for n in range(opened.num_record_batches))
            ended: Callable[[], bool] = lambda: _is_whole(source.arrow(), source.size)  # noqa: E731
        else:
            opened = pa.ipc.open_stream(file)
            batches, ended = iter(opened), lambda: _ends(file)
    except _DAMAGED as error:
        raise Unreadable(damaged) from error
    names, spare, beneath = tuple(opened.schema.names), SpareValues(where), Beneath(where)
    tables = _tables(where, names, beneath.watched(spare.watched(batches)), damaged)
    contents.blocks += [_to_the_end(where, tables, ended), spare.left_over(), beneath.tables()]
    _add_schema(opened.schema, where, contents)


def _to_the_end(where: str, tables: Iterator[Table], ended: Callable[[], bool]) -> Iterator[Contents]:
    """Yield the batches, and tell whether something stands behind the last one."""
    for table in tables:
        yield Contents(tables=[table])
    if not ended():
        yield Contents(hits=[Hit("appended-bytes", "appended", where, "after the last batch")])


def _around_columns(source: Source, metadata: Any, policy: Policy) -> bytes:
    """Return what of a Parquet file is no column's data: the footer, indexes, and what stands between columns.

    Raises
    ------
    Unreadable
        It is more than the policy's ``part_bytes``.
    """
    gaps, at = [], len(_PARQUET)
    for start, end in (*sorted(_columns(metadata)), (source.size, source.size)):
        gaps.append((at, max(0, start - at)))
        at = max(at, end)
    if sum(size for _, size in gaps) > policy.limits["part_bytes"]:
        raise Unreadable("more stands between its columns than inspection reads", rule="too-big")
    known = (metadata.metadata or {}).get(b"ARROW:schema", b"\0")  # the schema once more
    return b"\n".join(source.part(*each) for each in gaps if each[1]).replace(known, b"\n")


def _columns(metadata: Any) -> Iterator[tuple[int, int]]:
    for group in range(metadata.num_row_groups):
        for n in range(metadata.num_columns):
            column = metadata.row_group(group).column(n)
            begins = [each for each in (column.dictionary_page_offset, column.data_page_offset) if each]
            yield min(begins), min(begins) + column.total_compressed_size


def _is_whole(file: Any, size: int) -> bool:
    """Return whether the messages of an Arrow file go on to its footer, so that nothing stands between.

    Raises
    ------
    Unreadable
        They do not end.
    """
    file.seek(size - _TAIL)
    footer = int.from_bytes(file.read(4), "little")
    file.seek(len(_FILE))
    messages = pa.ipc.MessageReader.open_stream(file)
    try:
        while messages.read_next_message() is not None:
            pass
    except StopIteration:
        pass
    except _DAMAGED as error:
        raise Unreadable("the Arrow file is damaged") from error
    return bool(file.tell() == size - _TAIL - footer)


def _ends(file: Any) -> bool:
    """Return whether a stream ends where its file does.

    Raises
    ------
    Unreadable
        It does not say that it ends: it was cut off between two messages.
    """
    place = file.tell()
    file.seek(max(0, place - len(_END)))
    if file.read(len(_END)) != _END:
        raise Unreadable("the Arrow stream is cut short")
    return not file.read(1)


def _dictionaries(metadata: Any) -> list[str]:
    """Return the columns of text of a Parquet file that keep their values in dictionaries, in any group of rows."""
    groups = range(metadata.num_row_groups)
    return [
        metadata.schema.column(n).path
        for n in range(metadata.num_columns)
        if metadata.schema.column(n).physical_type == "BYTE_ARRAY"
        and metadata.schema.column(n).logical_type.type in ("STRING", "NONE")
        and any(metadata.row_group(each).column(n).has_dictionary_page for each in groups)
    ]


def _tables(where: str, names: tuple[str, ...], batches: Iterator[Any], damaged: str) -> Iterator[Table]:
    done = 0
    try:
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS):
                part = batch.slice(start, _ROWS)
                yield Table(where, names, tuple(map(strings, part.columns)), done)
                done += part.num_rows
    except _DAMAGED as error:
        raise Unreadable(damaged) from error
    if not done:
        yield Table(where, names, tuple(pa.array([], pa.string()) for _ in names))


def _add_schema(schema: pa.Schema, where: str, contents: Contents) -> None:
    """Keep what is written in the schema: of the whole, and of each column and what is nested in it."""
    _add_metadata(schema.metadata, f"{where} schema metadata".strip(), contents)
    for field in schema:
        _add_metadata(field.metadata, f"{where} metadata of column {field.name}".strip(), contents)


def _add_metadata(metadata: Mapping[bytes, bytes] | None, where: str, contents: Contents) -> None:
    kept = {key: value for key, value in (metadata or {}).items() if key not in _OWN}
    if kept:
        lines = b"\n".join(key + b" " + value for key, value in kept.items()).decode("utf-8", "replace")
        contents.add_text(where, lines)
