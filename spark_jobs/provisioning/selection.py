"""What was agreed of one table, its columns, rows and dates, as one query; and what was written of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame
from pyspark.sql.types import StructType

from spark_jobs.contracts import Contract
from spark_jobs.provisioning import generalise
from spark_jobs.provisioning.cohort import PSEUDONYM
from spark_jobs.provisioning.engines import Engine
from spark_jobs.provisioning.persons import OWN


@dataclass(frozen=True)
class Selection:
    """The agreed columns of the agreed rows of a table.

    Parameters
    ----------
    wanted : mapping
        The table as the specification tells of it; see :func:`spark_jobs.provision.run`.
    of_persons : bool
        Whether its rows are of persons, so that the cohort chooses among them.
    withheld : DataFrame or None
        The pseudonyms of those whose rows a type 1 opt-out keeps back; None where it keeps none.
    areas : int or None
        The version of ``small_area``, where an area is made wider.
    """

    wanted: Mapping[str, Any]
    contract: Contract
    of_persons: bool
    withheld: DataFrame | None
    areas: int | None

    @property
    def name(self) -> str:
        """Return the dataset's name, which is also the name of the table's folder."""
        return str(self.wanted["dataset"])

    @property
    def version(self) -> int:
        """Return the version of the table."""
        return int(self.wanted["version"])

    @property
    def shows_persons(self) -> bool:
        """Return whether its rows are told with pseudonyms."""
        return self.of_persons and self.wanted["linkage"] != "none"

    @property
    def linkage(self) -> str:
        """Return the table that its pseudonyms are for alone, or nothing for the project's own."""
        return self.name if self.wanted["linkage"] == "table" else ""

    @property
    def columns(self) -> list[str]:
        """Return the agreed columns, without the pseudonym."""
        return [name for name in self.wanted["columns"] if name != PSEUDONYM]

    def query(self, engine: Engine, *more: str) -> str:
        """Return the query of its rows: the cohort's alone, under their own pseudonyms, as coarse as was agreed.

        Parameters
        ----------
        more : str
            Columns of the persons' two pseudonyms that are told as well, after all others.

        Returns
        -------
        str
            Over ``{rows}``; ``{own}``, the persons' two pseudonyms, where its rows are of persons; ``{withheld}`` and
            ``{areas}`` where there are such.
        """
        told = [f"{self._told(engine, name)} AS {engine.name(name)}" for name in self.columns]
        joins = []
        if self.withheld is not None:
            joins.append(f"ANTI JOIN {{withheld}} w ON r.{PSEUDONYM} = w.{PSEUDONYM}")
        if self.of_persons:
            kind = "JOIN" if self.shows_persons else "SEMI JOIN"
            joins.append(f"{kind} {{own}} o ON r.{PSEUDONYM} = o.{PSEUDONYM}")
        if self.areas is not None:
            joins.append(f"LEFT JOIN {{areas}} a ON r.{generalise.AREA} = a.{generalise.AREA}")
        if self.shows_persons:
            told = [f"o.{OWN} AS {PSEUDONYM}", *told, *(f"o.{name}" for name in more)]
        where = " AND ".join(self._within(engine)) or "true"
        beside = engine.beside("o") if self.of_persons else ""
        return f"SELECT {beside} {', '.join(told)} FROM {{rows}} r {' '.join(joins)} WHERE {where}"

    def _within(self, engine: Engine) -> list[str]:
        """Return the bounds of its dates: both days belong to it."""
        day = f"CAST(r.{engine.name(self.contract.date_column)} AS DATE)"
        bounds = (("from", ">="), ("to", "<="))
        return [f"{day} {keeps} DATE '{self.wanted[bound]}'" for bound, keeps in bounds if self.wanted[bound]]

    def _told(self, engine: Engine, name: str) -> str:
        """Return a column as it is told.

        A zero loses its sign: 0.0 and -0.0 sort as one, so that the order of rows that differ in it would be chance's.
        """
        column, rule = f"r.{engine.name(name)}", self.wanted["generalise"].get(name)
        if rule is not None and rule["to"] == "area":
            return f"a.{engine.name(rule['column'])}"
        coarse = generalise.coarser(column, rule) if rule is not None else column
        if self.contract.by_name[name].type == "double":
            return f"CASE WHEN {coarse} = 0 THEN CAST(0 AS DOUBLE) ELSE {coarse} END"
        return coarse


@dataclass(frozen=True)
class Written:
    """One table of an extract, as it was written.

    Parameters
    ----------
    files : list of dict
        ``name``, ``rows``, ``bytes`` and ``sha256`` of each.
    columns : list of dict
        What the manifest tells of each; see :func:`columns_of`.
    own : object
        Its persons' two pseudonyms, a table of the engine that made it; None where it shows none.
    """

    selection: Selection
    folder: Path
    files: Sequence[dict[str, Any]]
    columns: Sequence[dict[str, Any]]
    own: Any

    def manifest(self) -> dict[str, Any]:
        """Return what the manifest tells of it."""
        wanted = self.selection.wanted
        return {
            "name": self.selection.name, "rows": sum(file["rows"] for file in self.files),
            "columns": list(self.columns), "files": list(self.files), "source_version": wanted["version"],
            "contract": self.selection.contract.version,
            "linkage": wanted["linkage"] if self.selection.of_persons else None,
        }  # fmt: skip


def columns_of(schema: StructType, selection: Selection) -> list[dict[str, Any]]:
    """Return what the manifest tells of each column: name, type, description, classification, and rule if any."""
    contract, rules, columns = selection.contract, selection.wanted["generalise"], []
    for field in schema:
        told = contract.by_name.get(field.name)
        column = {
            "name": field.name,
            "type": field.dataType.simpleString(),
            "description": told.description if told else "The person's pseudonym in this project",
            "classification": told.classification if told else "safe",
        }
        columns.append(column | ({"generalised": rules[field.name]} if field.name in rules else {}))
    return columns
