"""Judges few rows in this process, as far as they are so plain that Spark could not judge otherwise.

Spark's own compiling and planning of a dataset's rules takes longer than it takes to apply them to a million rows, and
DuckDB has both ready. But two engines do not read all text alike: what Spark takes for a date, or a Java pattern for a
match, is Spark's to say. So a value counts as a date or a number here only in the one form that both surely read, and
as none only where both surely do not; where a dataset holds any other, or its contract asks for what only Spark knows,
this judges nothing of it, and :func:`spark_jobs.validate.judge` judges it whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import dataset, parquet

from spark_jobs.check_digits import FOREIGN_DIGITS, PLAIN_DIGITS, SEPARATORS, SNOMED_CT_PATTERN, has_verhoeff_digit
from spark_jobs.contracts import NHS_NUMBER_ROLES, Contract, Field
from spark_jobs.landing.canonical import FILE, ROW
from spark_jobs.manifest import RESOURCES
from spark_jobs.provisioning.engines import InProcess
from spark_jobs.validate import OLDEST, SOURCE, repeated

MOST_CELLS = 16_000_000  # of one dataset: some 16 bytes each as text, and two datasets at once
_ROW_GROUP = 100_000  # rows: so that Spark reads a file in as many parts as it has cores
# By type: DuckDB's own name, the form that both read alike, and how begins what neither reads. Spark takes more than
# these (java.lang.Double.parseDouble; SparkDateTimeUtils.stringToDate, which stops at a blank or a T).
FORMS = {
    "date": ("DATE", r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}", r"[0-9]*[!-*,./:-SU-~]"),
    "timestamp": (
        "TIMESTAMP",
        r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
        r"(?:[!-*,./;-SU-Za-z]|[0-9-]{10}[T ](?:2[4-9]|[3-9][0-9]):[0-9]{2}:[0-9]{2}$)",
    ),
    "int": ("INTEGER", r"-?[0-9]{1,9}", r"(?:[0-9]*[A-Za-z]|-?[1-9][0-9]{10,17}$)"),
    "double": ("DOUBLE", r"-?[0-9]{1,15}(?:\.[0-9]{1,15})?", r"[A-HJ-MO-Za-hj-mo-z]"),
}
# Letters, classes, and counts that RE2 takes; no flags, no look-around, no counted groups.
_SHARED_PATTERN = re.compile(
    r"(?!.*(?:\(\?|\)\{))(?:[A-Za-z0-9_?,() -]|\[[A-Za-z0-9 ._-]+\]|\{[0-9]{1,2}(?:,[0-9]{1,2})?\})+"
)


def _is_snomed_ct(code: str) -> bool:
    return re.fullmatch(SNOMED_CT_PATTERN, code, re.ASCII) is not None and has_verhoeff_digit(code)


_CHECKS: dict[str, Callable[[str], bool]] = {"snomed_ct": _is_snomed_ct}


@dataclass(frozen=True)
class Judged:
    """The rows as :func:`spark_jobs.validate.judge` returns them, and the right values of columns with check digits.

    The latter are named as the conditions of :func:`rules_of` name them.
    """

    rows: pa.Table
    known: Mapping[str, pa.Table]


def suits(contract: Contract, rows: int) -> bool:
    """Return whether a dataset's rows are few, and its rules such as both engines have."""
    return (
        rows * (len(SOURCE) + len(contract.fields)) <= MOST_CELLS
        and contract.dataset not in RESOURCES  # of which landing keeps lines of JSON
        and all(_is_shared(field) for field in contract.fields)
    )


def _is_shared(field: Field) -> bool:
    return (
        (field.type == "string" or field.type in FORMS)
        and (not field.pattern or _SHARED_PATTERN.fullmatch(field.pattern) is not None)
        and (not field.check or field.check in _CHECKS)
    )


def judge(
    engine: InProcess, sent: Sequence[tuple[Mapping[str, str | int], list[str]]], contract: Contract, as_of: date
) -> Judged | None:
    """Return what :func:`spark_jobs.validate.judge` does, or None where that is Spark's to say.

    Parameters
    ----------
    sent : sequence of tuple
        What is told of each submission's rows, and its files (:func:`spark_jobs.arrivals.parts`).
    """
    columns = ", ".join(f"{_clean(field)} AS {quoted(field.name)}" for field in contract.fields)
    cleaned = as_sent(engine, sent, contract, f"{FILE}, {ROW}, {columns}")
    if _doubtful(engine, cleaned, contract):
        return None
    known = dict(_known(cleaned, contract))
    return Judged(engine.table(_judged(contract, as_of), cleaned=cleaned, **known), known)


def write(judged: Judged, folder: Path) -> None:
    """Write judged rows as a folder of Parquet."""
    folder.mkdir(parents=True)
    parquet.write_table(judged.rows, folder / "part-0.parquet", compression="zstd", row_group_size=_ROW_GROUP)


def quoted(column: str) -> str:
    """Return a column's name as SQL has it, in a query whose braces hold tables' names."""
    return '"' + column.replace('"', '""').replace("{", "{{").replace("}", "}}") + '"'


def literal(text: str) -> str:
    """Return a text as SQL has it, in a query whose braces hold tables' names."""
    return "'" + text.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


def as_sent(
    engine: InProcess, sent: Sequence[tuple[Mapping[str, str | int], list[str]]], contract: Contract, columns: str
) -> pa.Table:
    """Return columns of what was sent, with ``provider``, ``submission`` and ``landed``.

    Parameters
    ----------
    sent : sequence of tuple
        At least one, as :func:`judge` takes them.
    columns : str
        SQL over the contract's fields, and where in which file a row stood.
    """
    names = [FILE, ROW, *(field.name for field in contract.fields)]
    schema = pa.schema([(name, pa.int64() if name == ROW else pa.string()) for name in names])
    read = {
        f"sent_{place}": dataset.dataset(paths, schema=schema, format="parquet")
        for place, (_, paths) in enumerate(sent)
    }
    query = " UNION ALL ".join(
        f"SELECT {literal(str(told['provider']))} AS provider, {literal(str(told['submission']))} AS submission, "
        f"CAST({int(told['landed'])} AS INTEGER) AS landed, {columns} FROM {{sent_{place}}}"
        for place, (told, _) in enumerate(sent)
    )
    return engine.table(query, **read)


def _clean(field: Field) -> str:
    text = f"trim({quoted(field.name)}, ' ')"
    if field.identifier in NHS_NUMBER_ROLES:
        digits = f"translate({text}, {literal(FOREIGN_DIGITS + SEPARATORS)}, {literal(PLAIN_DIGITS)})"
        text = f"CASE WHEN regexp_full_match({digits}, {literal('[0-9]{10}')}) THEN {digits} ELSE {text} END"
    return f"nullif({text}, '')"


def only_digits(value: str) -> str:
    """Return what :func:`spark_jobs.check_digits.digits` does, as an expression of DuckDB."""
    plain = f"translate({value}, {literal(FOREIGN_DIGITS)}, {literal(PLAIN_DIGITS)})"
    return f"regexp_replace({plain}, '[^0-9]', '', 'g')"


def _doubtful(engine: InProcess, cleaned: pa.Table, contract: Contract) -> bool:
    """Return whether a typed column holds what the engines might read otherwise."""
    asked = [f"bool_or({doubtful(field)})" for field in contract.fields if field.type in FORMS]
    if not asked:
        return False
    [told] = engine.ask(f"SELECT {' OR '.join(f'coalesce({each}, false)' for each in asked)} AS it FROM {{cleaned}}",
                        cleaned=cleaned)  # fmt: skip
    return bool(told["it"])


def doubtful(field: Field) -> str:
    """Return the condition that a typed column holds what the engines might read otherwise."""
    _, form, never = FORMS[field.type]
    value = quoted(field.name)
    return f"(NOT regexp_full_match({value}, {literal(form)}) AND NOT regexp_matches({value}, {literal('^' + never)}))"


def _known(cleaned: pa.Table, contract: Contract) -> Iterator[tuple[str, pa.Table]]:
    """Yield the values of each column with a check digit that have the right one: each value is looked at once."""
    for place, field in enumerate(contract.fields):
        if field.check:
            values = pc.unique(cleaned[field.name]).to_pylist()
            right = [each for each in values if each is not None and _CHECKS[field.check](each)]
            yield f"known_{place}", pa.table({"value": pa.array(right, pa.string())})


def _judged(contract: Contract, as_of: date) -> str:
    names = ", ".join([*SOURCE, *(quoted(field.name) for field in contract.fields)])
    rules = " ".join(
        f"WHEN {broken} THEN {literal(reason)}"
        for field in contract.fields
        for broken, reason in rules_of(field, contract, as_of)
    )
    reason = f"CASE {rules} END" if rules else "CAST(NULL AS VARCHAR)"
    # As in Spark: a good row stands in place of an earlier submission's, and the same row of a repeated key is kept.
    return f"""
        WITH judged AS (SELECT {names}, {reason} AS reason FROM {{cleaned}}),
        ranked AS (
            SELECT *, row_number() OVER newest AS _rank, lag(landed) OVER newest AS _above FROM judged
            WINDOW newest AS (
                PARTITION BY provider, {", ".join(map(quoted, contract.primary_key))}
                ORDER BY reason IS NOT NULL, landed DESC, file, row
            )
        ),
        told AS (
            SELECT {names}, _rank,
                coalesce(reason, CASE WHEN _above = landed THEN {literal(repeated(contract))} END) AS reason
            FROM ranked
        )
        SELECT {names}, reason FROM told WHERE reason IS NOT NULL OR _rank = 1
    """


def typed(field: Field, table: str = "") -> str:
    """Return a column, of a table where one is named, as its type has it: null where it is in no form of it."""
    value = f"{table}.{quoted(field.name)}" if table else quoted(field.name)
    if field.type == "string":
        return value
    kind, form, _ = FORMS[field.type]
    text = f"replace({value}, 'T', ' ')" if field.type == "timestamp" else value
    return f"CASE WHEN regexp_full_match({value}, {literal(form)}) THEN TRY_CAST({text} AS {kind}) END"


def rules_of(field: Field, contract: Contract, as_of: date) -> Iterator[tuple[str, str]]:
    """Yield what :func:`spark_jobs.validate.rules_of` returns, as conditions for :class:`InProcess`."""
    value, read = quoted(field.name), f"({typed(field)})"
    if field.required:
        yield f"{value} IS NULL", f"{field.name}: missing"
    if field.type != "string":
        yield f"{value} IS NOT NULL AND {read} IS NULL", f"{field.name}: not a {field.type}"
    if field.type in ("date", "timestamp"):
        bounds = f"DATE '{OLDEST}' AND DATE '{as_of.isoformat()}'"
        yield f"CAST({read} AS DATE) NOT BETWEEN {bounds}", f"{field.name}: impossible date"
    if field.values:
        yield f"{value} NOT IN ({', '.join(map(literal, field.values))})", f"{field.name}: unknown code"
    if field.pattern:
        yield f"NOT regexp_full_match({value}, {literal(field.pattern)})", f"{field.name}: wrong form"
    if field.check:
        yield (
            f"{value} NOT IN (SELECT value FROM {{known_{contract.fields.index(field)}}})",
            f"{field.name}: wrong form",
        )
    if field.minimum is not None:
        yield f"{read} < {field.minimum!r}", f"{field.name}: out of range"
    if field.maximum is not None:
        yield f"{read} > {field.maximum!r}", f"{field.name}: out of range"
    if field.not_before:
        other = typed(contract.by_name[field.not_before])
        yield f"CAST({read} AS DATE) < CAST(({other}) AS DATE)", f"{field.name}: before {field.not_before}"
