"""Makes the tables of datasets that were judged in this process here as well, where those whom a build knows are few.

A row is read once more, its columns get the contract's types, its local number gives way to the person's pseudonym, and
Arrow writes it: what :class:`spark_jobs.publish.Publishing` does on Spark, whose plans of it take longer than the rows.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from spark_jobs import known, opt_out, tables
from spark_jobs.contracts import Contract
from spark_jobs.people import PEOPLE
from spark_jobs.people_few import people
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate_few import literal, quoted, typed

MOST_KNOWN = 1_000_000  # records: some 100 bytes each, and as much again for one kind of identifier
_SALTS = (1, 2)


@dataclass(frozen=True)
class Few:
    """Publishes datasets here.

    Parameters
    ----------
    folders : mapping of str to Path
        The judged rows of each dataset that was judged here (:mod:`spark_jobs.validate_few`).
    known : pyarrow.Table
        Of everyone whom the build knows ``provider``, ``local_id``, ``person``, ``pseudonym`` and
        :data:`spark_jobs.opt_out.TYPE_1`.
    """

    engine: InProcess
    folders: Mapping[str, Path]
    known: pa.Table
    warehouse: Path

    def takes(self, contract: Contract) -> bool:
        """Return whether a dataset can be published here: what is to be cleaned of names cannot."""
        return contract.dataset in self.folders and not any(field.deidentified for field in contract.fields)

    def publish(self, contract: Contract) -> tuple[tables.Published, pa.Table | None]:
        """Publish a dataset, and return the version, and its rows whose person nobody knows, if there are such."""
        judged, columns = self.folders[contract.dataset], ", ".join(_published(contract))
        if not contract.person_level:
            return self._published(contract, f"SELECT {columns} FROM {{judged}} WHERE reason IS NULL", judged), None
        key = _key(contract)
        out = f"AND NOT known.{opt_out.TYPE_1}" if opt_out.is_gp_record(contract.dataset) else ""
        made = self._published(
            contract,
            f"SELECT known.pseudonym, {columns} FROM {{judged}} judged JOIN {{known}} known ON {key} "
            f"WHERE judged.reason IS NULL {out}",
            judged,
        )
        if contract.identifiers:  # it registers its own local numbers: they are in the build's records
            return made, None
        lost = self.engine.table(
            f"SELECT judged.* REPLACE ({literal(known.nobody(contract))} AS reason) FROM {{judged}} judged "
            f"ANTI JOIN {{known}} known ON {key} WHERE judged.reason IS NULL",
            judged=judged, known=self.known,
        )  # fmt: skip
        return made, lost if lost.num_rows else None

    def people(self, datasets: Collection[str], contracts: Mapping[str, Contract]) -> tables.Published | None:
        """Publish what the datasets tell of people, or return None where not all of them were judged here."""
        folders = {name: self.folders[name] for name in sorted(datasets) if name in self.folders}
        if not folders or len(folders) < len(datasets):
            return None
        rows = people(self.engine, folders, self.known, contracts)
        return publish(self.engine, rows, self.warehouse / PEOPLE)

    def with_text(self, contract: Contract, text: str) -> pa.Table:
        """Return the persons (``person``) of whom a dataset holds a free text in this column."""
        query = (
            f"SELECT DISTINCT person FROM {{judged}} judged JOIN {{known}} known ON {_key(contract)} "
            f"WHERE judged.reason IS NULL AND judged.{quoted(text)} IS NOT NULL"
        )
        return self.engine.table(query, judged=self.folders[contract.dataset], known=self.known)

    def _published(self, contract: Contract, query: str, judged: Path) -> tables.Published:
        rows = self.engine.table(query, judged=judged, known=self.known)
        return publish(self.engine, rows, self.warehouse / contract.dataset)


def publish(engine: InProcess, rows: pa.Table, folder: Path) -> tables.Published:
    """Publish rows as a table's newest version, unless it holds just these."""
    return tables.publish_here(rows, _digest(engine, rows), folder)


def _digest(engine: InProcess, rows: pa.Table) -> str:
    """Return a digest of rows, whatever their order: the sums of two hashes of each."""
    cells = ", ".join(quoted(name) for name in rows.column_names)
    sums = ", ".join(f"CAST(sum(CAST(hash({salt}, {cells}) AS HUGEINT)) AS VARCHAR) AS _{salt}" for salt in _SALTS)
    [told] = engine.ask(f"SELECT {sums} FROM {{rows}}", rows=rows)
    return "|".join(str(each) for each in told.values())


def _key(contract: Contract) -> str:
    return f"judged.provider = known.provider AND judged.{quoted(contract.local_key)} = known.local_id"


def _published(contract: Contract) -> list[str]:
    return [f"{typed(field, 'judged')} AS {quoted(field.name)}" for field in contract.published()]
