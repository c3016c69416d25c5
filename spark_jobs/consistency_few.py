"""Measures what providers say differently of one person, in this process: see :mod:`spark_jobs.consistency`."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from spark_jobs.consistency import agreement
from spark_jobs.contracts import ROLES
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.quality import Measure, Rules
from spark_jobs.validate_few import literal


def across_providers(engine: InProcess, records: Path, known: pa.Table, rules: Rules) -> list[Measure]:
    """Return of how many persons, known to more than one provider, the providers agree, for each thing asked.

    Parameters
    ----------
    records : Path
        A folder of Parquet: one row for each provider's local number, with the roles in linkage.
    known : pyarrow.Table
        ``provider``, ``local_id`` and ``person``.
    """
    asked = {role: silent for role, silent in rules.agree.items() if role in ROLES}
    if not asked:
        return []
    said = ", ".join(
        f"CASE WHEN CAST({role} AS VARCHAR) NOT IN ({', '.join(map(literal, silent))}) THEN {role} END AS {role}"
        if silent
        else role
        for role, silent in asked.items()
    )
    several = ", ".join(
        f"min(CASE WHEN {role} IS NOT NULL THEN provider END) < max(CASE WHEN {role} IS NOT NULL THEN provider END) "
        f"AS {role}_by, min({role}) = max({role}) AS {role}_one"
        for role in asked
    )
    counts = ", ".join(
        f"count(*) FILTER ({role}_by) AS {role}_asked, count(*) FILTER ({role}_by AND {role}_one) AS {role}"
        for role in asked
    )
    query = f"""
        WITH told AS (SELECT person, provider, {said} FROM {{records}} JOIN {{known}} USING (provider, local_id)),
        persons AS (SELECT {several} FROM told GROUP BY person)
        SELECT {counts} FROM persons
    """
    [found] = engine.ask(query, records=records, known=known)
    return agreement(found, list(asked))
