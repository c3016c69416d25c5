"""Files of Stata, SAS and SPSS, by ReadStat: values, and the labels and notes that stand around them."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import partial
from typing import Any

import pyreadstat

from tre.disclosure.contents import Contents, Table, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.raw_strings import strings_of

_RECORD = 80  # bytes; a SAS transport file has no other (SAS TS-140)
_SAS_HEADER = 1024  # bytes of a SAS7BDAT file's header, at least
_WIDE = b"3"  # what marks that its integers have 64 bits
_ROW_SIZE = b"\xf7" * 4  # what the subheader begins with that tells how many rows there are
_POR_LABELS, _POR_LETTERS = 200, 256  # characters at a portable file's start: what it is called, its character set
_Library = Callable[..., tuple[dict[str, list[Any]], Any]]


def _read(
    library: _Library, data: bytes, where: str, contents: Contents, policy: Policy, said: bytes | None = None
) -> None:
    """Keep the table, what its metadata say, and the strings that neither shows.

    Parameters
    ----------
    said : bytes, optional
        What may hold such strings; by default the whole file.

    Raises
    ------
    Unreadable
        It is damaged, cut short, or has more than the policy's ``cells``.
    """
    if data.startswith(b"<stata_dta>") and not data.endswith(b"</stata_dta>"):
        raise Unreadable("the file is cut short or has bytes after its end")
    if data.startswith(b"HEADER RECORD") and len(data) % _RECORD:
        raise Unreadable("the file is cut short")
    try:
        _, told = library(io.BytesIO(data), metadataonly=True)
        cells = (told.number_rows or 0) * (told.number_columns or 0)
        if cells > policy.limits["cells"]:
            raise Unreadable("it has more cells than inspection reads", rule="too-big")
        columns, told = library(io.BytesIO(data), output_format="dict")
    except Unreadable:
        raise
    except Exception as error:  # ReadStat's own classes are not public
        raise Unreadable("the file is damaged, cut short or of an unknown kind") from error
    names = list(columns)
    if any(len(column) != (told.number_rows or len(column)) for column in columns.values()):
        raise Unreadable("it has fewer rows than it says")
    rows = list(zip(*([_said(value) for value in column] for column in columns.values()), strict=True))
    contents.tables.append(Table.of_rows(where, names, rows))
    contents.add_text(f"{where} labels and notes".strip(), "\n".join(_told(vars(told))))
    contents.code.append((f"{where} strings of the file".strip(), strings_of(data if said is None else said)))


def _said(value: Any) -> object:
    """Return a value as a person reads it: whole numbers without a point, a missing one as nothing."""
    if isinstance(value, float):
        return "" if value != value else int(value) if value.is_integer() else value
    return value


def _told(value: Any) -> list[str]:
    """Return every string within metadata, keys included."""
    if isinstance(value, dict):
        return [text for key, each in value.items() for text in (*_told(key), *_told(each))]
    if isinstance(value, (list, tuple, set)):
        return [text for each in value for text in _told(each)]
    return [value] if isinstance(value, str) else []


def read_sas(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a SAS7BDAT file, and tell of rows that were deleted in it and that SAS left where they were.

    Raises
    ------
    Unreadable
        As with the others.
    """
    _read(pyreadstat.read_sas7bdat, data, where, contents, policy)
    if deleted := _deleted(data):
        contents.hits.append(Hit("hidden-content", "deleted-rows", where, "", deleted))


def _deleted(data: bytes) -> int:
    """Return how many rows a SAS7BDAT file says were deleted (sas7bdat-specification, row size subheader)."""
    wide, little = data[32:33] == _WIDE, data[37:38] == b"\1"
    size, place = (8, 56) if wide else (4, 28)
    at = data.find(_ROW_SIZE, _SAS_HEADER)
    return int.from_bytes(data[at + place : at + place + size], "little" if little else "big") if at > 0 else 0


def read_por(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a portable file of SPSS, which is one line, parted every 80 characters and filled up with Z at its end.

    Raises
    ------
    Unreadable
        As with the others.
    """
    line = data.replace(b"\r", b"").replace(b"\n", b"")
    if not line.endswith(b"Z"):
        raise Unreadable("the file is cut short")
    said = line[:_POR_LABELS] + b"\n" + line[_POR_LABELS + _POR_LETTERS :]
    _read(pyreadstat.read_por, data, where, contents, policy, said)


read_stata = partial(_read, pyreadstat.read_dta)
read_xport = partial(_read, pyreadstat.read_xport)
read_spss = partial(_read, pyreadstat.read_sav)
