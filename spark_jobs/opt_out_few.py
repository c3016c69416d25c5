"""Finds in this process whose opt-outs hold, where they are few: what :mod:`spark_jobs.opt_out` finds on Spark."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs import arrivals, nhs_number, publish_few, tables
from spark_jobs.contracts import Contract
from spark_jobs.judging import Landed
from spark_jobs.opt_out import COLUMNS, KINDS, NEVER, NUMBER, OPT_OUTS, TYPE_1, unreadable
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.pseudonymise import pseudonyms
from spark_jobs.validate_few import as_sent, doubtful, literal, only_digits, quoted, typed

MOST = 1_000_000  # opt-outs as sent: some 100 bytes each
_DAYS = ("recorded_on", "withdrawn_on")
_NONE_SENT = pa.schema(
    [
        *((name, pa.string()) for name in ("provider", "submission")), ("landed", pa.int32()),
        *((name, pa.string()) for name in (NUMBER, "kind", *_DAYS)),
    ]
)  # fmt: skip
_KINDS = ", ".join(map(literal, KINDS))
_PUBLISHED = pa.schema(
    [
        ("pseudonym", pa.string()),
        pa.field("kind", pa.string(), nullable=False),
        ("recorded_on", pa.date32()),
        ("withdrawn_on", pa.date32()),
        pa.field("generation", pa.int32(), nullable=False),
    ]
)
_STRICTEST = f"""
    kind, min(recorded_on) AS recorded_on,
    nullif(max(coalesce(withdrawn_on, DATE '{NEVER}')), DATE '{NEVER}') AS withdrawn_on
"""


def sent(landed: Landed) -> pa.Table | None:
    """Return the opt-outs as sent, or None where they are many, or have days that Spark might read otherwise.

    Returns
    -------
    pyarrow.Table
        ``provider``, ``landed``, ``nhs_number`` (its digits), ``kind``, ``recorded_on`` and ``withdrawn_on`` (as text).

    Raises
    ------
    JobRefused
        As :func:`spark_jobs.opt_out.check_readable` says.
    """
    if arrivals.rows(landed.receipts, OPT_OUTS) > MOST:
        return None
    contract = landed.contracts[OPT_OUTS]
    parts = list(arrivals.parts(landed.folder, landed.receipts, contract))
    texts = ", ".join(f"lower(trim(coalesce({name}, ''), ' ')) AS {name}" for name in ("kind", *_DAYS))
    number = only_digits(f"coalesce({NUMBER}, '')") + f" AS {NUMBER}"
    rows = as_sent(landed.engine, parts, contract, f"{number}, {texts}") if parts else _NONE_SENT.empty_table()
    _check_readable(rows)
    return None if _doubtful(landed.engine, rows, contract) else rows


def _check_readable(rows: pa.Table) -> None:
    right = [each for each in pc.unique(rows[NUMBER]).to_pylist() if nhs_number.is_valid(each)]
    wrong = rows.filter(pc.invert(pc.is_in(rows[NUMBER], pa.array(right, pa.string()))))
    if wrong.num_rows:
        first = min(wrong["submission"].to_pylist())
        raise unreadable(first, wrong["submission"].to_pylist().count(first))


def _doubtful(engine: InProcess, rows: pa.Table, contract: Contract) -> bool:
    """Return whether a day is in a form that the engines might read otherwise."""
    asked = " OR ".join(f"({day} <> '' AND {doubtful(contract.by_name[day])})" for day in _DAYS)
    return bool(engine.ask(f"SELECT 1 AS it FROM {{rows}} WHERE {asked} LIMIT 1", rows=rows))


def persons(
    engine: InProcess, rows: pa.Table, known: pa.Table, folders: Mapping[str, Path], contracts: Mapping[str, Contract]
) -> pa.Table:
    """Return what :func:`spark_jobs.opt_out.persons` does of what :func:`sent` returned.

    Parameters
    ----------
    known : pyarrow.Table
        The spine: ``provider``, ``local_id`` and ``person``.
    folders : mapping of str to Path
        The judged rows of each dataset, the bad ones too: a number that one row alone holds is still theirs.
    """
    read = {name: path for name, path in folders.items() if NUMBER in contracts[name].identifiers}
    held = [
        f"SELECT provider, {quoted(contracts[name].local_key)} AS local_id, "
        f"{only_digits(quoted(contracts[name].identifiers[NUMBER]))} AS {NUMBER} FROM {{{name}}}"
        for name in read
        if contracts[name].local_key
    ]
    nobody = f"SELECT '' AS provider, '' AS local_id, '' AS {NUMBER} WHERE false"
    days = ", ".join(f"{typed(contracts[OPT_OUTS].by_name[day])} AS {day}" for day in _DAYS)
    # As on Spark: one without a readable kind is of both, and nothing withdraws it, nor does a day before its first.
    query = f"""
        WITH told AS (
            SELECT provider, landed, {NUMBER}, kind, {days} FROM {{rows}} WHERE kind IN ({_KINDS})
            UNION ALL
            SELECT provider, landed, {NUMBER}, unnest([{_KINDS}]), recorded_on, NULL FROM
                (SELECT provider, landed, {NUMBER}, {days} FROM {{rows}} WHERE kind NOT IN ({_KINDS}))
        ),
        latest AS (
            SELECT {NUMBER}, kind, recorded_on,
                CASE WHEN coalesce(withdrawn_on >= recorded_on, true) THEN withdrawn_on END AS withdrawn_on
            FROM told QUALIFY rank() OVER (PARTITION BY provider, {NUMBER}, kind ORDER BY landed DESC) = 1
        ),
        said AS (SELECT {NUMBER}, {_STRICTEST} FROM latest GROUP BY {NUMBER}, kind),
        held AS ({" UNION ALL ".join(held) or nobody})
        SELECT person, {_STRICTEST} FROM said JOIN held USING ({NUMBER}) JOIN {{known}} USING (provider, local_id)
        GROUP BY person, kind
    """
    return engine.table(query, rows=rows, known=known, **read)


def in_force(engine: InProcess, opt_outs: pa.Table, day: date, *kinds: str) -> pa.Table:
    """Return the persons (``person``) of whom an opt-out of one of the kinds is in force on the day."""
    return engine.table(
        f"SELECT DISTINCT person FROM {{opt_outs}} WHERE kind IN ({', '.join(map(literal, kinds))}) "
        f"AND (withdrawn_on IS NULL OR withdrawn_on > DATE '{day.isoformat()}')",
        opt_outs=opt_outs,
    )


def marked(engine: InProcess, known: pa.Table, opt_outs: pa.Table, day: date) -> pa.Table:
    """Return what :func:`spark_jobs.opt_out.marked` does."""
    query = f"SELECT k.*, o.person IS NOT NULL AS {TYPE_1} FROM {{known}} k LEFT JOIN {{out}} o ON k.person = o.person"
    return engine.table(query, known=known, out=in_force(engine, opt_outs, day, TYPE_1))


def publish(engine: InProcess, opt_outs: pa.Table, keys: Mapping[int, bytes], folder: Path) -> tables.Published:
    """Publish who opted out as :func:`spark_jobs.opt_out.publish` does."""
    persons, told = opt_outs["person"].combine_chunks(), [opt_outs[name] for name in COLUMNS]
    by_generation = [
        pa.table(
            [pseudonyms(key, persons), *told, pa.array([generation] * len(persons), pa.int32())], schema=_PUBLISHED
        )
        for generation, key in sorted(keys.items())
    ]
    return publish_few.publish(engine, pa.concat_tables(by_generation), folder)
