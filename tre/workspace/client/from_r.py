"""The same client for R, which calls it through reticulate: see ``etc/R/Rprofile.site``.

A table goes over as a CSV file of a temporary folder with the type of each column beside it: reticulate 1.28 knows
NumPy 1 alone, so no array may cross.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tre.errors import TreError
from tre.workspace import client
from tre.workspace.client.sql import explained

if TYPE_CHECKING:
    import pandas as pd

_KINDS = {"b": "logical", "i": "integer", "u": "integer", "f": "double", "M": "POSIXct"}  # by NumPy's letter
MISSING = r"\N"  # so that the text "NA" stays a text
_MOST_INTEGER = 2**31 - 1  # R's integers have 32 bits


def ask(verb: str, path: str, *told: str) -> dict[str, Any]:
    """Call a verb, and write a table that it returns to ``path``.

    Returns
    -------
    dict
        ``error`` (one sentence, or empty), ``columns`` (each column's type in R, by name), ``text``.
    """
    try:
        answer = _VERBS[verb](*told)
    except (TreError, OSError) as error:
        return {"error": str(error), "columns": {}, "text": ""}
    if isinstance(answer, str):
        return {"error": "", "columns": {}, "text": answer}
    return {"error": "", "columns": _write(answer, Path(path)), "text": ""}


def _table(name: str) -> pd.DataFrame:
    client.describe(name)  # refuses a name that is none
    return client.spark().table(name).toPandas()


def _sql(query: str) -> pd.DataFrame:
    from pyspark.errors import PySparkException

    session = client.spark()
    try:
        return session.sql(query).toPandas()
    except PySparkException as error:
        raise explained(error, query) from None


def _submit(paths: str, context: str) -> str:
    made = client.submit(json.loads(paths), context=context)
    return f"Request {made['request']}: {made['state']}"


def _requests() -> pd.DataFrame:
    import pandas as pd

    rows = [(each["request"], each["state"], ", ".join(file["name"] for file in each["files"]))
            for each in client.requests()]  # fmt: skip
    return pd.DataFrame(rows, columns=["request", "state", "files"])


def _safe_table(path: str, rows: str, columns: str) -> pd.DataFrame:
    import pandas as pd

    frame = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])
    made = client.safe_table(frame, rows, columns or None).frame.reset_index()
    made.columns = pd.Index([" ".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in made])
    return made.astype(str)


_VERBS: dict[str, Callable[..., Any]] = {
    "tables": lambda: client.tables(),
    "describe": lambda name: client.describe(name),
    "codelist": lambda name="": client.codelist(name),
    "table": _table,
    "sql": _sql,
    "submit": _submit,
    "requests": _requests,
    "safe_table": _safe_table,
}


def _write(frame: pd.DataFrame, path: Path) -> dict[str, str]:
    """Write a table as CSV and return what R reads each column as."""
    frame.to_csv(path, index=False, na_rep=MISSING, date_format="%Y-%m-%d %H:%M:%S")
    os.chmod(path, 0o600)
    return {str(name): _kind(frame[name]) for name in frame.columns}


def _kind(column: pd.Series) -> str:
    import datetime
    import decimal

    kind = _KINDS.get(column.dtype.kind, "character")
    if kind == "integer" and len(column) and column.abs().max() > _MOST_INTEGER:
        return "double"
    held = column.dropna()
    first = held.iloc[0] if kind == "character" and len(held) else None
    return {datetime.date: "Date", decimal.Decimal: "double", bool: "logical"}.get(type(first), kind)
