"""Statistics with differential privacy, of persons: asked of the platform, which answers out of a notebook's reach.

Each of a person's rows is theirs: a person counts once in a cell, and in ``cells`` cells at most. Bounds, edges and
values are public: write what could be, never what you saw in the data. What a question costs is shown before it is
paid.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from tre.workspace.client.display import Prices
from tre.workspace.client.door import PlatformError, call

if TYPE_CHECKING:
    import pandas as pd

Values = Mapping[str, Sequence[object]]
DELTA = 1e-6
_EVERY_SECONDS, _MOST_SECONDS = 1.0, 3600.0


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
        For each column the values that count, such as ``{"sex": ["f", "m"]}``.
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
    return _cells(_ask({"kind": "count", "table": table}, epsilon, by, more))


def table(table: str, *, by: Values, epsilon: float, **more: Any) -> pd.DataFrame:
    """Return a contingency table of persons: as :func:`count`, by two columns or more."""
    return _cells(_ask({"kind": "table", "table": table}, epsilon, by, more))


def histogram(
    table: str, column: str, *, edges: Sequence[float], epsilon: float, by: Values | None = None, **more: Any
) -> pd.DataFrame:
    """Return how many persons have a number between each two edges; what lies outside counts in the outermost."""
    asked = {"kind": "histogram", "table": table, "column": column, "edges": list(edges)}
    return _unfolded(_ask(asked, epsilon, by, more))


def sum(  # the name that everybody looks for
    table: str, column: str, *, low: float, high: float, epsilon: float, by: Values | None = None, **more: Any
) -> pd.DataFrame:
    """Return the sum of each person's total, which is cut to between ``low`` and ``high``."""
    return _cells(_ask({"kind": "sum", "table": table, "column": column, "low": low, "high": high}, epsilon, by, more))


def mean(
    table: str, column: str, *, low: float, high: float, epsilon: float, by: Values | None = None, **more: Any
) -> pd.DataFrame:
    """Return the mean over persons of each one's own mean, which is cut to between ``low`` and ``high``."""
    return _cells(_ask({"kind": "mean", "table": table, "column": column, "low": low, "high": high}, epsilon, by, more))


def quantiles(
    table: str, column: str, *, low: float, high: float, epsilon: float,
    quantiles: Sequence[float] = (0.25, 0.5, 0.75), by: Values | None = None, **more: Any,
) -> pd.DataFrame:  # fmt: skip
    """Return quantiles over persons of each one's own mean; ``off`` is the share of persons a rank may be off by."""
    asked = {"kind": "quantiles", "table": table, "column": column, "low": low, "high": high,
             "quantiles": list(quantiles)}  # fmt: skip
    return _unfolded(_ask(asked, epsilon, by, more))


def _ask(query: dict[str, Any], epsilon: float, by: Values | None, more: dict[str, Any]) -> dict[str, Any]:
    delta, purpose = more.pop("delta", DELTA), more.pop("purpose", f"private {query['kind']} of {query['table']}")
    query |= {"by": _of(by), "where": _of(more.pop("where", None)), "cells": more.pop("cells", 1)}
    if more:
        raise PlatformError(f"A question has no {sorted(more)[0]}", todo="Use where, cells, delta or purpose")
    for each in price(epsilon, delta, query["cells"]):
        if each["scope"] == "project":
            added = "more than there is" if each["added"] is None else f"{each['added']:.3g}"
            print(f"Asked with epsilon {epsilon:g}, which adds {added} to what the project has spent.")
    asked = {"query": query, "epsilon": epsilon, "delta": delta, "purpose": purpose, "once": uuid.uuid4().hex}
    return _answer(call("POST", "private", json=asked))


def _answer(told: dict[str, Any]) -> dict[str, Any]:
    deadline = time.monotonic() + _MOST_SECONDS
    while told["state"] == "waiting":
        if time.monotonic() > deadline:
            raise PlatformError(
                "The question waits still", where=f"question {told['question']}", todo="Tell the operator"
            )
        time.sleep(_EVERY_SECONDS)
        told = call("GET", f"private/{told['question']}")
    if told["state"] == "refused":
        raise PlatformError(str(told["why"]).rstrip("."), todo="Nothing was spent")
    return dict(told["answer"])


def _of(values: Values | None) -> list[dict[str, Any]]:
    return [{"column": name, "values": [str(each) for each in listed]} for name, listed in (values or {}).items()]


def _cells(answer: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame([{**each.pop("by"), **each} for each in answer["cells"]])


def _unfolded(answer: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        [
            {**each["by"], **value, "off": each["off"]}
            for each in answer["cells"]
            for value in each["values"] or [{"value": None}]
        ]
    )
