"""Runs that the platform carries out and signs, out of anybody's reach: asking for one, and taking what it made."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tre.workspace.client.display import table, text
from tre.workspace.client.door import PlatformError, call, fetch

if TYPE_CHECKING:
    from ml.spec import TrainingSpec

Values = Mapping[str, Sequence[object] | None]  # None: those that the data contract names
DELTA = 1e-6  # of a private question, unless it says otherwise
_LOOK_SECONDS = 1.0
_UNDER_WAY = ("queued", "running")


class Run(dict[str, Any]):
    """A run: ``run`` (its number), ``kind``, ``state``, ``step``, ``error``, ``log`` and ``files``."""

    def look(self) -> Run:
        """Ask how it stands now."""
        self.update(call("GET", f"runs/{self['run']}"))
        return self

    def wait(self, seconds: float = 3600.0) -> Run:
        """Wait until it is over.

        Raises
        ------
        PlatformError
            When it is not over by then, or came to nothing; its sentence says why.
        """
        until = time.monotonic() + seconds
        while self.look()["state"] in _UNDER_WAY:
            if time.monotonic() > until:
                raise PlatformError("The run is not over yet", where=f"run {self['run']}", todo="Wait again")
            time.sleep(_LOOK_SECONDS)
        if self["state"] != "done":
            raise PlatformError(self["error"] or "The run was cancelled", where=f"run {self['run']}")
        return self

    def save(self, folder: str | Path = ".") -> list[Path]:
        """Write what it made into a folder of yours, with its attestation beside it, and return the outputs' paths.

        Submit the files as they are: the airlock knows them by their bytes.

        Raises
        ------
        PlatformError
            When it has made nothing yet.
        """
        if not self.look()["files"]:
            raise PlatformError("The run has made nothing", where=f"run {self['run']}", todo="Wait for it: run.wait()")
        paths = []
        for each in self["files"]:
            path = Path(folder, each["name"])
            path.parent.mkdir(parents=True, exist_ok=True)
            fetch(f"runs/{self['run']}/files/{each['output']}", path)
            paths.append(path)
        Path(folder, f"run-{self['run']}.intoto.jsonl").write_text(json.dumps(self["attestation"]) + "\n")
        return paths

    def cancel(self) -> Run:
        """Stop it.

        Raises
        ------
        PlatformError
            When it is over.
        """
        self.update(call("POST", f"runs/{self['run']}/cancel", json={}))
        return self

    def retry(self) -> Run:
        """Ask again for one that came to nothing: a training pays anew.

        Raises
        ------
        PlatformError
            When it is under way or done.
        """
        self.update(call("POST", f"runs/{self['run']}/retry", json={}))
        return self

    def _repr_html_(self) -> str:
        said = ": ".join(filter(None, (self["state"], self["step"] or self["error"])))
        files = [(each["name"], f"{each['size']:,}", each["sha256"][:12]) for each in self["files"]]
        shown = table(("file", "bytes", "SHA-256"), files) if files else ""
        head = f"Run {self['run']}, {self['kind']}, {said}"
        return f"<p>{text(head)}</p>{shown}"


class Runs(list[Run]):
    """The project's runs, newest first."""

    def _repr_html_(self) -> str:
        if not self:
            return "<p>No run yet. tre.run_table(QUERY, rows=...) asks for one.</p>"
        return table(
            ("run", "kind", "state", "by"), [(each["run"], each["kind"], each["state"], each["by"]) for each in self]
        )


def run_table(
    query: str,
    rows: str | Sequence[str],
    columns: str | Sequence[str] | None = None,
    values: str | None = None,
    aggfunc: str = "people",
    *,
    margins: bool = False,
) -> Run:
    """Have the platform make a safe table, as :func:`safe_table` does, and attest to it.

    Parameters
    ----------
    query : str
        A SELECT over the extract's tables whose answer has the column ``pseudonym``: each row is about that person.
        Tables are joined ``USING (pseudonym)``.
    rows, columns, values, aggfunc, margins
        See :func:`safe_table`.

    Raises
    ------
    PlatformError
        When the platform refuses.
    """
    spec = {
        "query": query, "rows": _listed(rows), "columns": _listed(columns or []), "values": values,
        "aggfunc": aggfunc, "margins": margins,
    }  # fmt: skip
    return _ask("aggregate", spec)


def run_training(query: str, spec: TrainingSpec, *, name: str, purpose: str) -> Run:
    """Have the platform train a private model, as :func:`train_private` does, and attest to it.

    Parameters
    ----------
    query : str
        A SELECT over the extract's tables, whose answer is what is trained on.
    spec : ml.spec.TrainingSpec
        The training.
    name, purpose : str
        What the model is called (small letters, digits, ``-`` and ``_``), and what it is for.

    Raises
    ------
    PlatformError
        When the platform refuses.
    """
    return _ask("training", {"query": query, "training": spec.to_json(), "name": name, "purpose": purpose})


def run_notebook(path: str | Path, parameters: Mapping[str, Any] | None = None, *, spark: bool = False) -> Run:
    """Have the platform run a whole notebook on the extract, and attest to the notebook and what it wrote.

    It runs without a network and without this platform's door: the extract is at ``/project/data``, and what it writes
    into its folder ``outputs`` is handed over. ``tre.tables()``, and ``tre.spark()`` where it has Spark, work there.

    Parameters
    ----------
    path : str or Path
        The notebook.
    parameters : mapping, optional
        Values that are set after the cell tagged ``parameters``, or before all cells.
    spark : bool
        Whether it has a Spark of its own, which takes some seconds to start.

    Raises
    ------
    PlatformError
        When the file is no notebook, or the platform refuses.
    """
    try:
        held = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise PlatformError("This is no notebook", where=str(path), todo="Name a file that ends in .ipynb") from None
    return _ask("notebook", {"notebook": held, "parameters": dict(parameters or {}), "spark": spark})


def run_private(
    kind: str, table: str, column: str = "", *, epsilon: float, delta: float = DELTA, by: Values | None = None,
    where: Values | None = None, cells: int = 1, purpose: str = "", **more: Any,
) -> Run:  # fmt: skip
    """Have the platform answer a private question and attest to the answer: what ``tre.private`` asks and waits for.

    Its price is reserved when it is asked. Cancelled before it has begun, or where it does not fit its table, it is
    given back.

    Parameters
    ----------
    kind : str
        ``count``, ``table``, ``histogram``, ``sum``, ``mean`` or ``quantiles``.
    table, column : str
        Of the extract; a count has no column.
    by, where : mapping, optional
        For each column the values that count; None for the codes that its data contract names.
    cells : int
        In how many cells one person counts at most.
    purpose : str
        What it is for, shown on the ledger.
    more
        ``low`` and ``high``, ``edges``, ``quantiles``, by kind: see ``tre.private``. Means and quantiles that are told
        no bounds take the range that the column's data contract names.

    Raises
    ------
    PlatformError
        When a ledger does not cover it, or the platform refuses.
    """
    if unknown := sorted(set(more) - {"low", "high", "edges", "quantiles"}):
        raise PlatformError(f"A question has no {unknown[0]}", todo="Use where, cells, delta or purpose")
    query = {"kind": kind, "table": table, "by": _of(by), "where": _of(where), "cells": cells}
    query |= {name: each for name, each in more.items() if each is not None}
    if column:
        query["column"] = column
    return _ask("private", {"query": query, "epsilon": epsilon, "delta": delta, "purpose": purpose[:200]})


def runs() -> Runs:
    """Return the project's runs, newest first."""
    return Runs(Run(each) for each in call("GET", "runs")["runs"])


def _ask(kind: str, spec: dict[str, Any]) -> Run:
    return Run(call("POST", "runs", json={"kind": kind, "spec": spec, "once": uuid.uuid4().hex}))


def _of(values: Values | None) -> list[dict[str, Any]]:
    return [
        {"column": name} | ({} if listed is None else {"values": [str(each) for each in listed]})
        for name, listed in (values or {}).items()
    ]


def _listed(names: str | Sequence[str]) -> list[str]:
    return [names] if isinstance(names, str) else list(names)
