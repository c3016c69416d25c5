"""SQL cells: ``%%sql`` runs a query on the project's Spark, shows its first rows and keeps it by a name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from IPython.core.magic import Magics, line_cell_magic, magics_class

from tre.errors import TreError
from tre.workspace.client.data import spark
from tre.workspace.client.display import text

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

SHOWN_ROWS = 50
_PARAMETER = re.compile(r"(?<![:\w]):([A-Za-z_]\w*)")
_PLACE = re.compile(r"\(?line (\d+),? pos (\d+)\)?")
_NAME = re.compile(r"^\s*\[[A-Z0-9_.]+\]\s*")  # Spark's own name of the error; see its error conditions
_TAIL = re.compile(r"\s*SQLSTATE: \w+.*$", re.DOTALL)


class QueryError(TreError):
    """A query could not be run; the sentence says what and at which line and column."""


class Rows:
    """The first rows of a query's answer, as a notebook shows them.

    Parameters
    ----------
    frame : pd.DataFrame
        At most :data:`SHOWN_ROWS` rows.
    more : bool
        Whether the answer has more.
    """

    def __init__(self, frame: pd.DataFrame, more: bool) -> None:
        self.frame, self.more = frame, more

    def _note(self) -> str:
        count = f"{len(self.frame)} rows" if len(self.frame) != 1 else "1 row"
        return f"The first {count}; there are more." if self.more else f"{count}."

    def __repr__(self) -> str:
        if not len(self.frame.columns):
            return "Done."
        return f"{self.frame.to_string(index=False)}\n{self._note()}"

    def _repr_html_(self) -> str:
        if not len(self.frame.columns):
            return "<p>Done.</p>"
        return f"{self.frame.to_html(index=False, border=0, max_rows=None)}<p>{text(self._note())}</p>"


@magics_class
class SqlMagics(Magics):
    """The magic ``sql``, for a line or a cell."""

    @line_cell_magic
    def sql(self, line: str, cell: str | None = None) -> Rows | None:
        """Run a query on the project's Spark and show its first rows.

        Each table of the extract is a view of the same name. ``:name`` in the query stands for the value of the
        notebook's variable, which Spark binds: it is never pasted into the text.

            %sql SELECT count(*) FROM people

            %%sql older
            SELECT * FROM people WHERE birth_year < :year

        Parameters
        ----------
        line : str
            For a line the query; for a cell nothing, or the variable that keeps the answer as a Spark DataFrame.
        cell : str, optional
            The query.
        """
        query, name = (line, "") if cell is None else (cell, line.strip())
        if name and not name.isidentifier():
            raise QueryError("This is no name of a variable", where=name, todo="Write '%%sql NAME', or '%%sql' alone")
        variables: dict[str, Any] = self.shell.user_ns if self.shell else {}
        frame, shown = run(query, {each: variables[each] for each in parameters(query) if each in variables})
        if name:
            variables[name] = frame
        return shown


def parameters(query: str) -> list[str]:
    """Return the names that a query asks for as ``:name``, in order, each once."""
    return list(dict.fromkeys(_PARAMETER.findall(query)))


def run(query: str, values: dict[str, Any] | None = None) -> tuple[DataFrame, Rows]:
    """Run a query and return its answer, not yet fetched, and its first rows.

    Raises
    ------
    QueryError
        When Spark refuses the query, or fails on it.
    """
    from pyspark.errors import PySparkException

    query = query.strip().rstrip(";").rstrip()
    session = spark()
    try:
        frame = session.sql(query, args=values or None)
        first = frame.limit(SHOWN_ROWS + 1).toPandas() if frame.columns else _nothing()
    except PySparkException as error:
        raise explained(error, query) from None
    return frame, Rows(first.head(SHOWN_ROWS), more=len(first) > SHOWN_ROWS)


def _nothing() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame()


def explained(error: Any, query: str) -> QueryError:
    """Return Spark's error on a query as one sentence, with its place in the query."""
    told = str(error.getMessage() or error)
    what = _TAIL.sub("", _NAME.sub("", told)).strip().splitlines()
    return QueryError(
        what[0] if what else "Spark refused the query",
        where=place(told, query, next(iter(error.getQueryContext() or ()), None)),
        todo="Correct the query; tre.tables() and tre.describe(NAME) show what there is",
    )


def place(told: str, query: str, context: Any = None) -> str:
    """Return where in a query an error is, as line and column, both from 1; empty when Spark does not tell."""
    found = _PLACE.search(told)
    if found:
        return f"line {found[1]}, column {int(found[2]) + 1}"
    try:
        start = int(context.startIndex())
    except Exception:  # no context, or one that is not of a query
        return ""
    before = query[:start]
    return f"line {before.count(chr(10)) + 1}, column {start - (before.rfind(chr(10)) + 1) + 1}"
