"""The people table of datasets that were judged in this process: see :mod:`spark_jobs.people`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from spark_jobs import majority_few, opt_out
from spark_jobs.contracts import Contract, Field
from spark_jobs.people import PEOPLE
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate_few import FORMS, literal, quoted, typed


def people(
    engine: InProcess, folders: Mapping[str, Path], known: pa.Table, contracts: Mapping[str, Contract]
) -> pa.Table:
    """Return one row for each person: of each column what most of the local numbers say.

    Parameters
    ----------
    folders : mapping of str to Path
        The judged rows of each dataset that tells of people; at least one.
    known : pyarrow.Table
        ``provider``, ``local_id``, ``pseudonym`` and :data:`spark_jobs.opt_out.TYPE_1`.
    """
    wanted = [field for field in contracts[PEOPLE].fields if not field.primary_key]
    names = [field.name for field in wanted]
    views = [_view(contracts[name], wanted) for name in folders]
    columns = ", ".join(map(quoted, names))
    rows, votes = (
        f"SELECT pseudonym, {columns} FROM ({everyone}) JOIN {{known}} USING (provider, local_id) "
        f"WHERE NOT (of_practice AND {opt_out.TYPE_1})"
        for everyone in (" UNION ALL ".join(views), " UNION ".join(views))
    )
    return majority_few.settle(engine, rows, votes, ["pseudonym"], names, known=known, **folders)


def _view(contract: Contract, wanted: list[Field]) -> str:
    """Return what one dataset tells of each local number; joined by UNION it counts once for each thing it says."""
    told = contract.person_attributes
    columns = ", ".join(f"{_as_told(told.get(field.name), field)} AS {quoted(field.name)}" for field in wanted)
    of_practice = str(opt_out.is_gp_record(contract.dataset)).lower()
    return (
        f"SELECT {literal(contract.dataset)} AS dataset, {of_practice} AS of_practice, provider, "
        f"{quoted(contract.local_key)} AS local_id, {columns} FROM {{{contract.dataset}}} WHERE reason IS NULL"
    )


def _as_told(source: Field | None, wanted: Field) -> str:
    kind = "VARCHAR" if wanted.type == "string" else FORMS[wanted.type][0]
    if source is None:
        return f"CAST(NULL AS {kind})"
    value = typed(source)
    # Of a date, a whole number can only be the year.
    plain = f"year({value})" if (source.type, wanted.type) == ("date", "int") else value
    return f"CAST({plain} AS {kind})"
