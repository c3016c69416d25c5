"""Measures in this process what only linked persons can show: see :mod:`spark_jobs.consistency`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from spark_jobs import tables
from spark_jobs.consistency import DEATH, PSEUDONYM, Dated, agreement, dated, with_days
from spark_jobs.contracts import ROLES, Contract
from spark_jobs.people import PEOPLE
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.quality import Measure, Rules
from spark_jobs.validate_few import literal, quoted

MOST_DAYS = 16_000_000  # rows of all tables together: two columns of each are read


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


def of_days(
    engine: InProcess, warehouse: Path, published: Mapping[str, int], contracts: Mapping[str, Contract], rules: Rules
) -> dict[str, Dated]:
    """Return what the days of each published table say.

    Parameters
    ----------
    published : mapping of str to int
        The version of each table.
    """
    people = tables.arrow(warehouse / PEOPLE, published[PEOPLE])
    found = {}
    for name in with_days(published, contracts):
        table = tables.arrow(warehouse / name, published[name])
        mortal = (
            DEATH in people.schema.names and PSEUDONYM in table.schema.names and name not in rules.after_death_except
        )
        years = engine.ask(_years(contracts[name], rules, mortal), events=table, people=people)
        found[name] = dated(years, contracts[name], mortal)
    return found


def _years(contract: Contract, rules: Rules, mortal: bool) -> str:
    days = f"CAST({quoted(contract.date_column)} AS DATE) AS day"
    events, death = f"SELECT {days} FROM {{events}}", "CAST(NULL AS DATE)"
    if mortal:
        events = f"SELECT {days}, people.{DEATH} FROM {{events}} LEFT JOIN {{people}} people USING ({PSEUDONYM})"
        death = DEATH
    return f"""
        SELECT year(day) AS year, count(*) AS rows, count({death}) AS asked,
            count(*) FILTER (day <= {death} + {int(rules.death_grace_days)}) AS alive
        FROM ({events}) WHERE day IS NOT NULL GROUP BY year(day)
    """
