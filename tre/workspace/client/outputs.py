"""Tables that keep to the disclosure rules when they are made, so that they pass inspection."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from tre.disclosure.statistics import SafeTable


def safe_table(
    frame: pd.DataFrame, rows: str, columns: str | None = None, values: str | None = None, aggfunc: str = "count"
) -> SafeTable:
    """Return a table of counts, sums or means with every unsafe cell suppressed.

    The rules are those of ACRO (AI-SDC/ACRO, default.yaml). See :func:`tre.disclosure.statistics.safe_table`.
    """
    from tre.disclosure import statistics

    return statistics.safe_table(frame, rows, columns, values, aggfunc)
