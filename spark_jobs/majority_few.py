"""Says of few rows of one key what most of them say, in this process: see :mod:`spark_jobs.majority`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate_few import quoted

_DIFFER = "_differ"


def settle(
    engine: InProcess, rows: str, votes: str, keys: Sequence[str], names: Sequence[str], **tables: Any
) -> pa.Table:
    """Return one row for each key: of each column the value that most votes have, of equally many the smallest.

    Parameters
    ----------
    rows, votes : str
        Queries with the columns of :func:`spark_jobs.majority.settle`'s frames, over the tables.
    """
    key = ", ".join(keys)
    least = ", ".join(f"min({quoted(name)}) AS {quoted(name)}" for name in names)
    differ = " OR ".join(f"coalesce(min({quoted(name)}) < max({quoted(name)}), false)" for name in names)
    found = engine.table(f"SELECT {key}, {least}, {differ} AS {_DIFFER} FROM ({rows}) GROUP BY {key}", **tables)
    agreed = found.filter(pc.invert(found[_DIFFER])).drop_columns([_DIFFER])
    if agreed.num_rows == found.num_rows:
        return agreed
    open_keys = found.filter(found[_DIFFER]).select(list(keys))
    counted = engine.table(
        f"SELECT votes.* FROM ({votes}) votes SEMI JOIN {{open}} USING ({key})", open=open_keys, **tables
    )
    return pa.concat_tables([agreed, _modes(engine, counted, open_keys, key, names).cast(agreed.schema)])


def _modes(engine: InProcess, counted: pa.Table, open_keys: pa.Table, key: str, names: Sequence[str]) -> pa.Table:
    each = [
        f"LEFT JOIN (SELECT {key}, first(said ORDER BY times DESC, said) AS said_{place} FROM ("
        f"SELECT {key}, {quoted(name)} AS said, count(*) AS times FROM {{counted}} WHERE said IS NOT NULL "
        f"GROUP BY {key}, said) GROUP BY {key}) USING ({key})"
        for place, name in enumerate(names)
    ]
    told = ", ".join(f"said_{place} AS {quoted(name)}" for place, name in enumerate(names))
    return engine.table(f"SELECT {key}, {told} FROM {{open}} {' '.join(each)}", open=open_keys, counted=counted)
