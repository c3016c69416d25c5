"""The records for linkage of datasets that were judged in this process: what each provider's local numbers carry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from spark_jobs import known, majority_few
from spark_jobs.check_digits import NHS_WEIGHTS
from spark_jobs.contracts import ROLES, Contract
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate_few import literal, quoted, typed


def records(engine: InProcess, folders: Mapping[str, Path], contracts: Mapping[str, Contract]) -> pa.Table:
    """Return one record for each local number: the identifiers that most of its rows carry, and ``number`` as sent.

    Parameters
    ----------
    folders : mapping of str to Path
        The judged rows of each dataset that carries identifiers; at least one.
    """
    views = " UNION ALL ".join(_view(contracts[name]) for name in folders)
    settled = majority_few.settle(engine, views, views, known.KEY, ROLES, **folders)
    others = ", ".join(quoted(role) for role in ROLES if role != "nhs_number")
    query = f"""
        SELECT provider, local_id, CASE WHEN {is_nhs_number("nhs_number")} THEN nhs_number END AS nhs_number, {others},
            nhs_number AS number FROM {{settled}}
    """
    return engine.table(query, settled=settled).select([*known.KEY, *ROLES, "number"])


def _view(contract: Contract) -> str:
    roles, fields = contract.identifiers, contract.by_name
    columns = ", ".join(
        f"{typed(fields[roles[role]])} AS {role}" if role in roles else f"CAST(NULL AS {_kind(role)}) AS {role}"
        for role in ROLES
    )
    local = quoted(contract.local_key)
    return f"SELECT provider, {local} AS local_id, {columns} FROM {{{contract.dataset}}} WHERE reason IS NULL"


def _kind(role: str) -> str:
    return "DATE" if role == "birth_date" else "VARCHAR"


def is_nhs_number(value: str) -> str:
    """Return the condition that :func:`spark_jobs.check_digits.is_nhs_number` is, for :class:`InProcess`."""
    weighted = (
        f"{weight} * TRY_CAST(substr({value}, {place}, 1) AS INTEGER)"
        for place, weight in enumerate(NHS_WEIGHTS, start=1)
    )
    check = f"(11 - ({' + '.join(weighted)}) % 11) % 11 = TRY_CAST(substr({value}, 10, 1) AS INTEGER)"
    return f"regexp_full_match({value}, {literal('[0-9]{10}')}) AND {check}"
