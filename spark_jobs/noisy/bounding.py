"""What each person gives to each cell, bounded, and the exact sums of that: whole numbers, in no order's debt.

A person counts in so many cells at most: those with the least hash of person and cell, which nobody else has a part in.
Amounts are whole multiples of a unit, so that sums are exact however Spark adds them, and one person moves them by no
more than the bound.
"""

from __future__ import annotations

import math
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import NumericType, StringType

from spark_jobs.errors import JobRefused
from spark_jobs.noisy.query import GRID, Of, Query
from spark_jobs.provisioning.cohort import PSEUDONYM

UNIT = 2**20  # what counts as one: fine enough that discrete noise is as good as continuous
Sums = npt.NDArray[np.int64]
_CODES = 4096  # as many cells as there may be
_VALUE, _CELL, _TICKET = "_value", "_cell", "_ticket"


def sensitivity(query: Query) -> float:
    """Return how far one person moves the sums, as a Euclidean norm, in units."""
    parts = 2 if query.kind == "mean" else 1
    return UNIT * math.sqrt(query.cells_of_a_person() * parts)


def sums(rows: DataFrame, query: Query) -> Sums:
    """Return the exact sums, shape (parts, groups, steps): of persons, and for sums and means of their amounts.

    Parameters
    ----------
    rows : DataFrame
        With the column :data:`~spark_jobs.provisioning.cohort.PSEUDONYM`: whose row it is.

    Raises
    ------
    JobRefused
        When a column is missing.
    """
    _check_there(rows, query)
    placed = _placed(rows.where(F.col(PSEUDONYM).isNotNull()), query)
    told = _counted(placed, query) if query.kind in ("count", "table", "histogram") else _measured(placed, query)
    found = np.zeros((2, query.groups() * query.steps()), np.int64)
    for cell, persons, amount in told.collect():
        found[:, cell] = persons * UNIT, amount
    return found.reshape(2, query.groups(), query.steps())


def _check_there(rows: DataFrame, query: Query) -> None:
    wanted = [
        PSEUDONYM,
        *(each.column for each in (*query.by, *query.where)),
        *([query.column] if query.column else []),
    ]
    if missing := [name for name in wanted if name not in rows.columns]:
        person = missing[0] == PSEUDONYM
        raise JobRefused(
            "The table tells of no persons" if person else "The table has no such column",
            where=query.table if person else missing[0],
            todo="Ask of a table of persons" if person else "See tre.describe",
        )
    if query.column and not isinstance(rows.schema[query.column].dataType, NumericType | StringType):
        raise JobRefused("The column holds no numbers", where=query.column, todo="See tre.describe")


def _placed(rows: DataFrame, query: Query) -> DataFrame:
    """Return person, cell and value of the rows that count."""
    for each in query.where:
        rows = rows.where(_text(each).isin(*each.values))
    value = F.col(query.column).try_cast("double") if query.column else F.lit(0.0)
    place: Column = F.lit(0)
    for each in query.by:
        found = F.array_position(F.array(*map(F.lit, each.values)), _text(each)) - 1
        place = F.when((place >= 0) & (found >= 0), place * len(each.values) + found).otherwise(-1)
    if query.kind == "histogram":
        inner = [(value >= edge).cast("int") for edge in query.edges[1:-1]]
        place = F.when(place >= 0, place * query.steps() + reduce(add, inner, F.lit(0))).otherwise(-1)
    placed = rows.select(PSEUDONYM, place.cast("int").alias(_CELL), value.alias(_VALUE)).where(F.col(_CELL) >= 0)
    return placed.where(F.col(_VALUE).isNotNull() & ~F.isnan(_VALUE)) if query.column else placed


def _text(of: Of) -> Column:
    return F.col(of.column).cast("string")


def _counted(placed: DataFrame, query: Query) -> DataFrame:
    """Return how many persons are in each cell."""
    if query.groups() * query.steps() == 1:
        persons = placed.groupBy(PSEUDONYM).agg(F.min(_CELL).alias(_CELL))
    elif query.cells == 1:
        # one number holds a cell's hash and, in its last bits, the cell: the least of them is a cell at random
        tickets = placed.select(PSEUDONYM, (_hash() - F.pmod(_hash(), F.lit(_CODES)) + F.col(_CELL)).alias(_TICKET))
        least = tickets.groupBy(PSEUDONYM).agg(F.min(_TICKET).alias(_TICKET))
        persons = least.select(F.pmod(_TICKET, F.lit(_CODES)).alias(_CELL))
    else:
        persons = _few(placed.select(PSEUDONYM, _CELL).distinct(), query)
    return persons.groupBy(_CELL).agg(F.count("*"), F.lit(0))


def _measured(placed: DataFrame, query: Query) -> DataFrame:
    """Return the persons in each cell, and the sum of what they give to it in units."""
    gives = F.sum(_VALUE) if query.kind == "sum" else F.avg(_VALUE)
    each = placed.groupBy(PSEUDONYM, _CELL).agg(gives.alias(_VALUE))
    kept = _few(each, query) if query.groups() > 1 else each
    middle = (query.low + query.high) / 2
    bounded = F.greatest(F.lit(query.low), F.least(F.lit(query.high), F.nanvl(_VALUE, F.lit(middle))))
    if query.kind == "quantiles":
        step = F.floor((bounded - query.low) / (query.high - query.low) * GRID)
        placed = kept.select((F.col(_CELL) * GRID + F.least(step, F.lit(GRID - 1))).cast("int").alias(_CELL))
        return placed.groupBy(_CELL).agg(F.count("*"), F.lit(0))
    share = bounded / amount_of_one(query) if query.kind == "sum" else (bounded - middle) / amount_of_one(query)
    units = F.greatest(F.lit(-UNIT), F.least(F.lit(UNIT), F.round(share * UNIT).cast("long")))
    return kept.select(_CELL, units.alias(_VALUE)).groupBy(_CELL).agg(F.count("*"), F.sum(_VALUE))


def amount_of_one(query: Query) -> float:
    """Return the amount that is one: the most that a person gives to a sum, or half the range of a mean."""
    return max(abs(query.low), abs(query.high)) if query.kind == "sum" else (query.high - query.low) / 2


def _few(each: DataFrame, query: Query) -> DataFrame:
    """Return no more cells of a person than are allowed; each row of the table is one."""
    nth = F.row_number().over(Window.partitionBy(PSEUDONYM).orderBy(_hash(), _CELL))
    return each.select("*", nth.alias(_TICKET)).where(F.col(_TICKET) <= query.cells).drop(_TICKET)


def _hash() -> Column:
    return F.xxhash64(PSEUDONYM, _CELL)
