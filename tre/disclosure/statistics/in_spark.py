"""The contributors to each group of a Spark DataFrame, counted by Spark itself: only groups come back, never rows.

The questions are SQL, so that this module needs no import of pyspark, which the web process may not load, and so that
they read alike for a Connect session and a classic one. The largest contribution comes in the same pass as the counts.
Those after it are asked for where dominance is possible at all, of those groups' rows alone: ``max_by(x, x, k)``, which
keeps the `k` largest as it aggregates, takes six times as long as all the rest (measured, ten million rows).
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tre.disclosure.statistics.contributors import TOP, merged
from tre.disclosure.statistics.question import Question

Levels = tuple[str, ...]
_MOST_NAMED = 400  # values that a query names; where more groups are dominated all are asked for
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "boolean")
_OF_ROWS = """
    count(x) AS records, count(*) - count(x) AS missing, count_if(x < 0) AS negatives, sum(x * x) AS squares,
    count_if(x NOT IN (0D, 1D)) AS fractions, sum(x) AS total, min(x) AS least, max(x) AS most"""
_OF_PEOPLE = """
    sum(records) AS records, sum(missing) AS missing, sum(negatives) AS negatives, sum(squares) AS squares,
    sum(fractions) AS fractions, sum(total) AS total, min(least) AS least, max(most) AS most"""


def columns_of(frame: Any) -> tuple[list[str], list[str]]:
    """Return the names of a Spark DataFrame's columns, and of those that are numbers."""
    return list(frame.columns), [name for name, kind in frame.dtypes if kind.partition("(")[0] in _NUMBERS]


def count_groups(frame: Any, question: Question) -> pd.DataFrame:
    """Return the contributors to each group that anybody is in, a row for each."""
    if question.person is not None:
        return count_levels(frame, question, [question.groups])[question.groups]
    keys = _names(question.groups)
    told = _asked(
        frame,
        f"""SELECT {keys}, {_OF_ROWS}, count(x) AS people, sum(abs(x)) AS size, max(abs(x)) AS first
        FROM ({_rows(question)}) GROUP BY {keys}""",
    )
    first, size = told.pop("first").fillna(0).to_numpy(float), told["size"].fillna(0).to_numpy(float)
    tops = np.zeros((len(told), question.largest))
    for n in range(question.largest):  # no contribution is larger than the first, and all together are the size
        tops[:, n] = np.minimum(first, size - tops.sum(axis=1))
    may_dominate = (first > 0) & (first >= question.dominant * size) & bool(question.values)
    dominated = np.flatnonzero(may_dominate)
    tops[dominated] = _largest(frame, question, told.iloc[dominated])
    return told.assign(**{f"{TOP}{n}": tops[:, n] for n in range(question.largest)})


def _largest(frame: Any, question: Question, groups: pd.DataFrame) -> np.ndarray:
    """Return the largest contributions to some groups, float64, shape (groups, k)."""
    if groups.empty:
        return np.zeros((0, question.largest))
    keys, rows = _names(question.groups), _rows(question)
    told = {f"k{n}_{m}": _plain(value) for n, key in enumerate(_keys(groups, question)) for m, value in enumerate(key)}
    if len(told) <= _MOST_NAMED:
        alike = [" AND ".join(f"{_name(name)} <=> :k{n}_{m}" for m, name in enumerate(question.groups))
                 for n in range(len(groups))]  # fmt: skip
        rows = f"SELECT * FROM ({rows}) WHERE {' OR '.join(f'({each})' for each in alike)}"
    else:
        told = {}
    found = _asked(
        frame,
        f"SELECT {keys}, max_by(abs(x), abs(x), {question.largest}) AS tops FROM ({rows}) GROUP BY {keys}",
        told,
    )
    opened = _opened(found, question)
    tops = opened[[f"{TOP}{n}" for n in range(question.largest)]].to_numpy(float)
    places = {key: n for n, key in enumerate(_keys(opened, question))}
    return tops[[places[key] for key in _keys(groups, question)]]


def _keys(groups: pd.DataFrame, question: Question) -> list[tuple[Hashable, ...]]:
    """Return the groups' values; None for an unknown one, whatever pandas makes of it."""
    held = groups[list(question.groups)].astype(object)
    return [tuple(key) for key in held.where(held.notna(), None).itertuples(index=False)]


def _plain(value: Any) -> Any:
    """Return a value as Spark takes it for a parameter."""
    return (
        value.to_pydatetime() if isinstance(value, pd.Timestamp) else value.item() if hasattr(value, "item") else value
    )


def count_levels(frame: Any, question: Question, levels: Sequence[Levels]) -> dict[Levels, pd.DataFrame]:
    """Return the same for coarser groups, by the columns that make them.

    People who stand in several groups are told apart by one query over grouping sets; rows need no second pass.
    """
    if question.person is None:
        groups = count_groups(frame, question)
        return {level: merged(groups, level) for level in levels}
    keys = _names(question.groups)
    sets = ", ".join(f"({_names((*level, '_person'))})" for level in levels)
    told = _asked(
        frame,
        f"""SELECT {keys}, level, {_OF_PEOPLE}, count_if(records > 0) AS people, sum(abs(total)) AS size,
        max_by(abs(total), abs(total), {question.largest}) AS tops
        FROM (SELECT {keys}, _person, grouping_id() AS level, {_OF_ROWS}
              FROM ({_rows(question)}) GROUP BY GROUPING SETS ({sets}))
        GROUP BY {keys}, level""",
    )
    opened = _opened(told, question)
    return {level: _of_level(opened, level, question) for level in levels}


def _of_level(told: pd.DataFrame, level: Levels, question: Question) -> pd.DataFrame:
    """Return the rows of one grouping set: Spark numbers it by a bit for each column, set where it is left out."""
    number = int("".join("0" if name in level else "1" for name in (*question.groups, "_person")), 2) - 1
    kept = told[told["level"] == number]
    return kept.drop(columns=["level", *(name for name in question.groups if name not in level)]).reset_index(drop=True)


def _rows(question: Question) -> str:
    """Return the query of what the rules need of each row; what is not a number is missing."""
    value = f"CAST({_name(question.values)} AS DOUBLE)" if question.values else "1D"
    value = f"CASE WHEN isnan({value}) OR abs({value}) = double('Infinity') THEN NULL ELSE {value} END"
    person = f", {_name(question.person)} AS _person" if question.person else ""
    return f"SELECT {_led(question.groups)}{value} AS x{person} FROM {{frame}}"


def _asked(frame: Any, query: str, told: dict[str, Any] | None = None) -> pd.DataFrame:
    return frame.sparkSession.sql(query, args=told or None, frame=frame).toPandas()


def _opened(told: pd.DataFrame, question: Question) -> pd.DataFrame:
    """Return the table with a column for each of the largest contributions; none for a group without values."""
    tops = np.zeros((len(told), question.largest))
    for n, sizes in enumerate(told["tops"]):
        held = np.asarray([] if sizes is None else sizes, dtype=float)
        tops[n, : len(held)] = held
    told = told.drop(columns="tops")
    told[[f"{TOP}{n}" for n in range(question.largest)]] = tops
    return told


def _name(column: str | None) -> str:
    """Return a column's name as SQL, and as the text that a query is filled into."""
    return "`" + (column or "").replace("`", "``").replace("{", "{{").replace("}", "}}") + "`"


def _names(columns: Sequence[str]) -> str:
    return ", ".join(map(_name, columns))


def _led(columns: Sequence[str]) -> str:
    """Return the columns as the first of a list that goes on."""
    return "".join(f"{_name(column)}, " for column in columns)


def _grouped(names: Iterable[str]) -> str:
    """Return what groups by some columns: nothing, where there are none."""
    listed = ", ".join(names)
    return f"GROUP BY {listed}" if listed else ""


def quantiles(frame: Any, question: Question, at: Sequence[float]) -> pd.DataFrame:
    """Return for each group its quantiles ``q0, q1 ...`` and the people at or under and at or over each of them."""
    keys, person = _led(question.groups), "_person" if question.person else "monotonically_increasing_id() AS _person"
    shares = ", ".join(f"{share!r}D" for share in at)
    alike = " AND ".join(f"r.{_name(name)} <=> q.{_name(name)}" for name in question.groups) or "true"
    told = ", ".join(
        f"""first(q.p[{n}]) AS q{n}, count(DISTINCT CASE WHEN r.x <= q.p[{n}] THEN r._person END) AS under{n},
        count(DISTINCT CASE WHEN r.x >= q.p[{n}] THEN r._person END) AS over{n}"""
        for n in range(len(at))
    )
    own = [f"r.{_name(name)}" for name in question.groups]
    return _asked(
        frame,
        f"""WITH r AS (SELECT {keys}x, {person} FROM ({_rows(question)}) WHERE x IS NOT NULL),
        q AS (SELECT {keys}percentile(x, array({shares})) AS p FROM r {_grouped(map(_name, question.groups))})
        SELECT {"".join(f"{name}, " for name in own)}{told}, min(r.x) AS least, max(r.x) AS most
        FROM r JOIN q ON {alike} {_grouped(own)}""",
    )


def binned(frame: Any, values: str, edges: Sequence[float]) -> Any:
    """Return the frame with the number of each value's bin in a column ``_bin``, null without a value."""
    value = f"CAST({_name(values)} AS DOUBLE)"
    passed = " + ".join(f"CAST({value} >= {float(edge)!r}D AS INT)" for edge in edges)
    found = f"CASE WHEN isnan({value}) THEN NULL ELSE {passed} END"
    return frame.sparkSession.sql(f"SELECT *, {found} AS _bin FROM {{frame}}", frame=frame)


def leavers(frame: Any, groups: Sequence[str], time: str, event: str) -> pd.DataFrame:
    """Return for each group and time how many leave, and how many of them by the event."""
    keys = _led(groups)
    when = f"CAST({_name(time)} AS DOUBLE)"
    return _asked(
        frame,
        f"""SELECT {keys} {when} AS time, count(*) AS leaving, count_if(CAST({_name(event)} AS DOUBLE) = 1D) AS events
        FROM {{frame}} WHERE {when} IS NOT NULL AND NOT isnan({when}) AND {_name(event)} IS NOT NULL
        GROUP BY {keys} {when}""",
    )


def products(frame: Any, names: Sequence[str]) -> tuple[int, np.ndarray]:
    """Return how many rows have every value, and the sums of products of each two of the columns and of 1."""
    terms = ["1D", *(f"CAST({_name(name)} AS DOUBLE)" for name in names)]
    whole = " AND ".join(f"{term} IS NOT NULL AND NOT isnan({term})" for term in terms[1:])
    pairs = [(i, j) for i in range(len(terms)) for j in range(i, len(terms))]
    sums = ", ".join(f"sum({terms[i]} * {terms[j]}) AS s{n}" for n, (i, j) in enumerate(pairs))
    told = _asked(frame, f"SELECT {sums} FROM {{frame}} WHERE {whole}").iloc[0]
    found = np.zeros((len(terms), len(terms)))
    for n, (i, j) in enumerate(pairs):
        found[i, j] = found[j, i] = told[f"s{n}"] or 0.0
    return int(found[0, 0]), found


def distinct(frame: Any, groups: Sequence[str], person: str) -> pd.DataFrame:
    """Return each person once for each group that they are in: rows, for whoever may see them."""
    return _asked(frame, f"SELECT DISTINCT {_names((*groups, person))} FROM {{frame}}")
