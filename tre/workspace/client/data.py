"""The project's data: its tables, what their columns mean, and a Spark session over them."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from tre.workspace.client.door import PlatformError, call
from tre.workspace.client.progress import Progress

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import SparkSession
    from pyspark.sql.connect.shell.progress import ProgressHandler

_STARTS_WITHIN_SECONDS = 120.0


def tables() -> pd.DataFrame:
    """Return the tables of the project's extract: name, rows, columns and the folder that holds them.

    The extract's number is in the frame's ``attrs["extract"]``: note it with a result, for an extract never changes.
    """
    import pandas as pd

    told = _extract()
    rows = [
        {"table": each["name"], "rows": each["rows"], "columns": len(each["columns"]), "path": str(_path(each["name"]))}
        for each in told["tables"]
    ]
    frame = pd.DataFrame(rows, columns=["table", "rows", "columns", "path"])
    frame.attrs["extract"] = told["extract"]
    return frame


def describe(name: str) -> pd.DataFrame:
    """Return the columns of one table: name, type, meaning, classification, and what their data contract tells of them.

    That is the ``range`` of a number and the ``codes``, where the ``contract`` names them: public whatever the data is.

    Raises
    ------
    PlatformError
        When the extract has no such table.
    """
    import pandas as pd

    return pd.DataFrame(columns_of(name))


def spark() -> SparkSession:
    """Return a Spark session (Spark Connect) with each table of the extract as a view of the same name.

    Asked again, it returns the same session, or a new one when the project's Spark was started anew.

    Raises
    ------
    PlatformError
        When the project's Spark does not start.
    """
    told = _extract()
    session = _OPEN.get(told["extract"])
    if session is None or not _answers(session):
        _OPEN.clear()
        _OPEN[told["extract"]] = session = _opened([each["name"] for each in told["tables"]])
    return session


_OPEN: dict[int, SparkSession] = {}  # by the number of the extract that its views show


def _opened(names: list[str]) -> SparkSession:
    from pyspark.sql import SparkSession

    _await_spark()
    # It writes the server's own trace of each error under the cell, beside the error itself.
    logging.getLogger("SQLQueryContextLogger").setLevel(logging.CRITICAL)
    session = SparkSession.builder.remote(os.environ["SPARK_REMOTE"]).create()
    session.registerProgressHandler(cast("ProgressHandler", Progress().tell))  # any callable does
    for name in names:
        session.read.parquet(str(_path(name))).createOrReplaceTempView(name)
    return session


def _answers(session: SparkSession) -> bool:
    """Return whether a session lives: a Spark that was started anew knows nothing of the sessions before it."""
    try:
        return bool(session.conf.get("spark.sql.session.timeZone"))
    except Exception:  # whatever is wrong with the old one, a new one is opened, or refused with its reason
        return False


def _await_spark() -> None:
    """Wait until Spark answers: the project's is started when its first workspace opens, a run's own with the run."""
    import grpc

    if "SPARK_REMOTE" not in os.environ:
        raise PlatformError("There is no Spark here", todo="Ask for the run with tre.run_notebook(PATH, spark=True)")
    target = os.environ["SPARK_REMOTE"].removeprefix("sc://").partition("/")[0]
    deadline = time.monotonic() + _STARTS_WITHIN_SECONDS
    while time.monotonic() < deadline:
        with grpc.insecure_channel(target) as channel:
            try:
                grpc.channel_ready_future(channel).result(timeout=2)
            except grpc.FutureTimeoutError:
                continue
            return
    raise PlatformError("The project's Spark did not start", todo="Tell the operator")


def columns_of(name: str) -> list[dict[str, Any]]:
    """Return the columns of one table as the platform tells them.

    Raises
    ------
    PlatformError
        When the extract has no such table.
    """
    return list(_table(name)["columns"])


def _extract() -> dict[str, Any]:
    """Return what is told of the extract: by the platform's door, or in a run that has none by the extract itself."""
    manifest = _path("manifest.json")
    if "TRE_API" not in os.environ and manifest.is_file():
        return dict(json.loads(manifest.read_text(encoding="utf-8")))
    return call("GET", "tables")


def _table(name: str) -> dict[str, Any]:
    held = {each["name"]: each for each in _extract()["tables"]}
    if name not in held:
        raise PlatformError("The extract has no such table", where=name, todo=f"Use one of: {', '.join(sorted(held))}")
    return dict(held[name])


def _path(name: str) -> Path:
    return Path(os.environ.get("TRE_DATA", "/project/data")) / name
