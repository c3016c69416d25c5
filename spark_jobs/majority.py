"""Says of many rows of one key what most of them say, column by column.

Of most keys all rows agree, and the smallest and the largest value tell so: they are cheap, where counting each value
keeps a map of every key's values in memory. Only the keys whose rows differ are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

_DIFFER = "_differ"


def settle(rows: DataFrame, votes: DataFrame, keys: Sequence[str], names: Sequence[str], scratch: Path) -> DataFrame:
    """Return one row for each key: of each column the value that most votes have, of equally many the smallest.

    A null is no vote; where there are only nulls, it is null.

    Parameters
    ----------
    rows : DataFrame
        The rows from which one sees whether a key's values differ.
    votes : DataFrame
        The rows to count, with the same values of each key; looked at only where values differ.
    keys, names : sequence of str
        The columns that make a key, and those to settle.
    scratch : Path
        A folder for the result; rows of no other key are read from it than those written now.
    """
    seen, agreed = Observation(), scratch / "agreed"
    told = [F.min(name).alias(name) for name in names]
    first = rows.groupBy(*keys).agg(*told, _differ(names).alias(_DIFFER))
    first.observe(seen, F.count_if(_DIFFER).alias("differ")).write.parquet(str(agreed))
    found = rows.sparkSession.read.schema(first.schema).parquet(str(agreed))
    if seen.get.get("differ") == 0:
        return found.drop(_DIFFER)
    open_keys = found.where(_DIFFER).select(*keys)
    counted = votes.join(open_keys, list(keys), "left_semi")
    modes = counted.groupBy(*keys).agg(*(F.mode(name, True).alias(name) for name in names))
    return found.where(f"NOT {_DIFFER}").drop(_DIFFER).unionByName(modes)


def _differ(names: Sequence[str]) -> Column:
    """Return whether the rows of a key hold two values of a column: of none, neither is smaller."""
    return reduce(or_, (F.coalesce(F.min(name) < F.max(name), F.lit(False)) for name in names))
