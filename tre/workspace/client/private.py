"""Statistics with differential privacy, of persons: asked of the platform, which answers out of a notebook's reach.

Each of a person's rows is theirs: a person counts once in a cell, and in ``cells`` cells at most. Bounds, edges and
values are public: write what could be, never what you saw in the data, or leave them out where the data contract names
them (``tre.describe`` tells). What a question costs is shown before it is paid.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tre.workspace.client.display import Prices
from tre.workspace.client.door import PlatformError, call
from tre.workspace.client.running import DELTA, Run, Values, run_private

if TYPE_CHECKING:
    import pandas as pd

ANSWER = "answer.json"


def price(epsilon: float, delta: float = DELTA, cells: int = 1) -> Prices:
    """Return what a question of this epsilon would cost each ledger; nothing is taken.

    The list's ``off`` tells how far a count of persons would be off, in 95 of 100 cases.
    """
    told = call("POST", "private/price", json={"epsilon": epsilon, "delta": delta, "cells": cells})
    made = Prices(told["prices"])
    made.off = told["off"]
    return made


def count(table: str, *, epsilon: float, by: Values | None = None, **more: Any) -> pd.DataFrame:
    """Return how many persons there are, in all or for each combination of values.

    Parameters
    ----------
    table : str
        A table of the extract.
    by : mapping, optional
        For each column the values that count, such as ``{"sex": ["f", "m"]}``; None for those that its contract names.
    more
        ``where``: as ``by``, what rows have to be. ``cells``: in how many cells one person counts at most, 1 unless
        told. ``delta`` and ``purpose``.

    Returns
    -------
    DataFrame
        A row for each cell: its values, ``value``, and how far it may be ``off`` in 95 of 100 cases.

    Raises
    ------
    PlatformError
        When a ledger does not cover it or the question does not fit the table, which costs nothing.
    """
    return _ask({"kind": "count", "table": table}, epsilon, by, more)


def table(table: str, *, by: Values, epsilon: float, **more: Any) -> pd.DataFrame:
    """Return a contingency table of persons: as :func:`count`, by two columns or more."""
    return _ask({"kind": "table", "table": table}, epsilon, by, more)


def histogram(
    table: str, column: str, *, edges: Sequence[float], epsilon: float, by: Values | None = None, **more: Any
) -> pd.DataFrame:
    """Return how many persons have a number between each two edges; what lies outside counts in the outermost."""
    asked = {"kind": "histogram", "table": table, "column": column, "edges": list(edges)}
    return _ask(asked, epsilon, by, more)


def sum(  # the name that everybody looks for
    table: str, column: str, *, low: float, high: float, epsilon: float, by: Values | None = None, **more: Any
) -> pd.DataFrame:
    """Return the sum of each person's total, which is cut to between ``low`` and ``high``."""
    return _ask({"kind": "sum", "table": table, "column": column, "low": low, "high": high}, epsilon, by, more)


def mean(
    table: str, column: str, *, epsilon: float, low: float | None = None, high: float | None = None,
    by: Values | None = None, **more: Any,
) -> pd.DataFrame:  # fmt: skip
    """Return the mean over persons of each one's own mean, cut to between ``low`` and ``high``.

    Where neither is told they are the range that the column's data contract names.
    """
    return _ask({"kind": "mean", "table": table, "column": column, "low": low, "high": high}, epsilon, by, more)


def quantiles(
    table: str, column: str, *, epsilon: float, low: float | None = None, high: float | None = None,
    quantiles: Sequence[float] = (0.25, 0.5, 0.75), by: Values | None = None, **more: Any,
) -> pd.DataFrame:  # fmt: skip
    """Return quantiles over persons of each one's own mean; ``off`` is the share of persons a rank may be off by.

    ``low`` and ``high`` as in :func:`mean`.
    """
    asked = {"kind": "quantiles", "table": table, "column": column, "low": low, "high": high,
             "quantiles": list(quantiles)}  # fmt: skip
    return _ask(asked, epsilon, by, more)


def _ask(query: dict[str, Any], epsilon: float, by: Values | None, more: dict[str, Any]) -> pd.DataFrame:
    more.setdefault("purpose", f"private {query['kind']} of {query['table']}")
    delta, cells = more.get("delta", DELTA), more.get("cells", 1)
    for each in price(epsilon, delta, cells):
        if each["scope"] == "project":
            added = "more than there is" if each["added"] is None else f"{each['added']:.3g}"
            print(f"Asked with epsilon {epsilon:g}, which adds {added} to what the project has spent.")
    return answer(run_private(query.pop("kind"), query.pop("table"), epsilon=epsilon, by=by, **query, **more).wait())


def answer(run: Run) -> pd.DataFrame:
    """Return the answer of a question that was asked by ``tre.run_private``, once it is there.

    Raises
    ------
    PlatformError
        When there is none.
    """
    import pandas as pd

    with tempfile.TemporaryDirectory() as folder:
        paths = {path.name: path for path in run.save(folder)}
        if ANSWER not in paths:
            raise PlatformError("The run answers no private question", where=f"run {run['run']}")
        return pd.DataFrame(json.loads(paths[ANSWER].read_text(encoding="utf-8"))["rows"])
