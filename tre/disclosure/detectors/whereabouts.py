"""Rows of places as fine as a front door: the points of somebody's walk, or where people live, one a row."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import label, names_count, share
from tre.disclosure.model import Hit

_NORTH = re.compile(r"(?:\w+ )?lat(itude)?( ?(degrees|deg|wgs ?84))?", re.IGNORECASE)
_EAST = re.compile(r"(?:\w+ )?(lon|lng|long|longitude)( ?(degrees|deg|wgs ?84))?", re.IGNORECASE)
_NORTHING = re.compile(r"(?:\w+ )?northings?|y ?coord\w*", re.IGNORECASE)
_EASTING = re.compile(r"(?:\w+ )?eastings?|x ?coord\w*", re.IGNORECASE)
_TIME = re.compile(r"(?:\w+ )?(time|timestamp|date|datetime)( \w+)?", re.IGNORECASE)
_FINE = r"^\s*-?\d{1,3}\.\d{4,}\s*$"  # ten metres north
_METRES = r"^\s*\d{5,7}(\.\d+)?\s*$"  # of the national grid
_MOSTLY = 0.9


def find_places(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for rows that each tell a place to ten metres and count nobody.

    Parameters
    ----------
    shape : mapping
        ``id_rows``, from which rows that name a person are records.
    """
    names = [label(name) for name in table.names]
    if table.rows < shape["id_rows"] or any(map(names_count, names)):
        return
    for north, east, fine in ((_NORTH, _EAST, _FINE), (_NORTHING, _EASTING, _METRES)):
        column = _first(table, names, north, fine)
        if column is not None and _first(table, names, east, fine) is not None:
            kind = "walk" if any(map(_TIME.fullmatch, names)) else "places"
            yield Hit("possible-records", kind, table.where, f"column {table.names[column]}", table.rows, "", 0.6)
            return


def _first(table: Table, names: list[str], named: re.Pattern[str], fine: str) -> int | None:
    """Return the first column of a name that holds different places, as fine as that; None where there is none."""
    for n, name in enumerate(names):
        column = table.columns[n]
        if named.fullmatch(name) and share(column, fine) >= _MOSTLY and pc.count_distinct(column).as_py() > 2:
            return n
    return None
