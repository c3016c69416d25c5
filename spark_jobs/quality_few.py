"""Counts few judged rows in this process: just what :mod:`spark_jobs.quality` counts of them on Spark."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from spark_jobs.contracts import Contract
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate import repeated
from spark_jobs.validate_few import Judged, literal, quoted, rules_of


def counts(engine: InProcess, judged: Judged, contract: Contract, as_of: date) -> dict[str, dict[str, Any]]:
    """Return what is counted of each submission's rows: what there is, and which of the bad rows break which rules."""
    asked = ", ".join(f"{made} AS {name}" for name, made in (*_there(contract), *_faults(contract, as_of)))
    query = f"SELECT submission, {asked} FROM {{rows}} GROUP BY submission"
    return {each["submission"]: each for each in engine.ask(query, rows=judged.rows, **judged.known)}


def _there(contract: Contract) -> Iterator[tuple[str, str]]:
    yield "rows", "count(*)"
    yield "bad", "count(reason)"
    if contract.date_column:
        # Of a good row it is in its one form, a day's or a moment's.
        day = f"TRY_CAST(substr({quoted(contract.date_column)}, 1, 10) AS DATE)"
        yield "newest", f"max({day}) FILTER (reason IS NULL)"
    for place, field in enumerate(contract.fields):
        value = quoted(field.name)
        yield f"there_{place}", f"count({value})"
        if field.not_before:
            yield f"both_{place}", f"count({value}) FILTER ({quoted(field.not_before)} IS NOT NULL)"


def _faults(contract: Contract, as_of: date) -> Iterator[tuple[str, str]]:
    yield "repeated", f"count(*) FILTER (reason = {literal(repeated(contract))})"
    for place, field in enumerate(contract.fields):
        rules = [(f"({broken})", reason.partition(": ")[2]) for broken, reason in rules_of(field, contract, as_of)]
        before = [broken for broken, fault in rules if field.not_before and fault == f"before {field.not_before}"]
        invalid = [broken for broken, fault in rules if broken not in before and fault != "missing"]
        for name, broken in (("disordered", before), ("invalid", invalid)):
            if broken:
                yield f"{name}_{place}", f"count(*) FILTER (reason IS NOT NULL AND ({' OR '.join(broken)}))"
