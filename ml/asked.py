"""What a served model is asked, held against its schema; a refusal names a column and a row, never a value."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import pandas as pd

from ml.schema import Schema

MOST_BYTES = 16 * 1024 * 1024
MOST_ROWS = 10_000
_LARGEST = 1e300
_HALVES = re.compile("[\ud800-\udfff]")  # JSON can spell half a character (RFC 8259, section 8.2); no text has one
FORMS = ("dataframe_split", "dataframe_records")  # as MLflow's own scoring protocol names them


class Unanswerable(Exception):
    """A request that cannot be answered: a status of 4xx, and one sentence that holds nothing of what was sent."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


@dataclass(frozen=True)
class Asked:
    """What was asked: the features of each row, and who each is of where the request says so."""

    frame: pd.DataFrame
    units: tuple[str, ...] | None


def read(body: bytes, spec: Schema) -> Asked:
    """Return what a request asks.

    Its columns are the features, all of them, and perhaps the unit; a number or null stands in each of a number's rows,
    a text or null in each of a category's. A text that is none of a category's values is answered as none of them.

    Raises
    ------
    Unanswerable
        With the status 400 where it is no such JSON, 413 where it is too long, and 422 where it is not what the model
        was made for.
    """
    columns, rows = _table(_object(body))
    wanted = (*spec.features(), spec.unit)
    places = _places(columns, wanted, spec)
    if not rows or len(rows) > MOST_ROWS:
        _refuse(422 if not rows else 413, f"A request asks about 1 to {MOST_ROWS} rows.")
    for nth, row in enumerate(rows, start=1):
        if not isinstance(row, list) or len(row) != len(columns):
            _refuse(422, f"Row {nth} does not have one value for each column.")
    numbers = {each.name for each in spec.numeric}
    values = {name: [row[place] for row in rows] for name, place in places.items()}
    for name in spec.features():
        _check(values[name], name, number=name in numbers)
    frame = pd.DataFrame({name: _column(values[name], name in numbers) for name in spec.features()})
    return Asked(frame, _units(values.get(spec.unit), spec.unit))


def _object(body: bytes) -> Mapping[str, Any]:
    if len(body) > MOST_BYTES:
        _refuse(413, f"A request has up to {MOST_BYTES // 1024**2} MB.")
    try:
        told = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        _refuse(400, "A request is a JSON object, encoded as UTF-8.")
    return told


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are no JSON (RFC 8259, section 6)


def _table(told: Mapping[str, Any]) -> tuple[list[Any], list[Any]]:
    """Return the columns and the rows of either form."""
    if len(told) != 1 or (form := next(iter(told))) not in FORMS:
        _refuse(400, f"A request holds one of {' and '.join(FORMS)}, and nothing beside it.")
    held = told[form]
    if form == "dataframe_records":
        if not isinstance(held, list) or not held or not all(isinstance(each, dict) for each in held):
            _refuse(400, "Records are a list of objects, one for each row.")
        columns = list(held[0])
        if any(each.keys() != held[0].keys() for each in held):
            _refuse(422, "Every record has the same columns.")
        return columns, [[each[name] for name in columns] for each in held]
    if not isinstance(held, dict) or not {"columns", "data"} <= held.keys() <= {"columns", "data", "index"}:
        _refuse(400, "A split table holds its columns and its data.")
    columns, rows = held["columns"], held["data"]
    if not isinstance(columns, list) or not isinstance(rows, list):
        _refuse(400, "The columns and the data of a split table are lists.")
    return columns, rows


def _places(columns: Sequence[Any], wanted: Sequence[str], spec: Schema) -> dict[str, int]:
    """Return where each column stands; a name that the model does not know is told by its place alone."""
    places: dict[str, int] = {}
    for place, name in enumerate(columns):
        if not isinstance(name, str) or name not in wanted:
            _refuse(422, f"The model knows no such column as the one in place {place + 1}.")
        if name in places:
            _refuse(422, f"The column {name} is there twice.")
        places[name] = place
    if missing := [name for name in spec.features() if name not in places]:
        _refuse(422, f"The column {missing[0]} is missing.")
    return places


def _check(values: Sequence[Any], name: str, *, number: bool) -> None:
    for nth, value in enumerate(values, start=1):
        if value is None:
            continue
        if number and (isinstance(value, bool) or not isinstance(value, int | float)):
            _refuse(422, f"The column {name} must hold a number or null, and does not in row {nth}.")
        if number and (abs(value) > _LARGEST or not math.isfinite(value)):
            _refuse(422, f"The column {name} holds a number that is too large in row {nth}.")
        if not number and not isinstance(value, str):
            _refuse(422, f"The column {name} must hold a text or null, and does not in row {nth}.")


def _column(values: Sequence[Any], number: bool) -> pd.Series[Any]:
    if number:
        return pd.Series([math.nan if value is None else float(value) for value in values], dtype=float)
    return pd.Series(list(values), dtype=object)


def _units(values: Sequence[Any] | None, name: str) -> tuple[str, ...] | None:
    if values is None:
        return None
    for nth, value in enumerate(values, start=1):
        if not isinstance(value, str) or not value or _HALVES.search(value):
            _refuse(422, f"The column {name} must name somebody, and does not in row {nth}.")
    return tuple(values)


def _refuse(status: int, sentence: str) -> NoReturn:
    raise Unanswerable(status, sentence)
