"""How many persons share what an outsider may know of them: k, l, the unique, and the combinations that single out.

k of a table is the number of persons in the smallest group that agrees in every quasi-identifier (Samarati and
Sweeney 1998); l of a sensitive column is the least number of different values in a group (Machanavajjhala et al.
2007), counted by HyperLogLog++, which is exact for the few values that matter. A missing value counts as a value.
The combinations are the smallest that already single somebody out, after SUDA's minimal sample uniques (Elliot et al.
2002): every larger one does so too. Only counts leave Spark, and those under ten are told as "under 10".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.contracts import Contract
from spark_jobs.provisioning.cohort import PEOPLE, PSEUDONYM

SMALL = 10  # persons; the safe threshold of policies/disclosure.yaml's default profile
UNDER = "under 10"
_SIZES = ((1, 1), (2, 4), (5, 9), (10, 49), (50, None))
_PERSONS = "_persons"


@dataclass(frozen=True)
class Bounds:
    """How far the report looks: from ``policies/provisioning.yaml``.

    Parameters
    ----------
    floor : int
        The least k that needs nobody's acceptance.
    columns : int
        The most quasi-identifiers that combinations are searched in, the first of the table's.
    combinations : int
        The most combinations looked at in one pass, and told.
    """

    floor: int
    columns: int
    combinations: int


def count(number: int) -> int | str:
    """Return a number of persons as it may be told."""
    return UNDER if 0 < number < SMALL else number


def report(frame: DataFrame, contract: Contract, bounds: Bounds) -> dict[str, Any] | None:
    """Return the report of one table, or None when it has no persons or no quasi-identifier.

    Parameters
    ----------
    frame : DataFrame
        The table as written, generalisations included.

    Returns
    -------
    dict
        ``table``, ``quasi`` (columns), ``k``, ``groups``, ``persons``, ``unique`` and ``unique_share`` (persons alone
        in their group), ``sizes`` (persons by the size of their group), ``l`` (by sensitive column) and ``riskiest``
        (combinations, each with ``columns``, ``k`` and ``persons`` under the floor; None where a person has several
        rows, since there groups of fewer columns do not add up).
    """
    quasi = [name for name in frame.columns if _class(contract, name) == "quasi"]
    if not quasi or PSEUDONYM not in frame.columns:
        return None
    sensitive = [name for name in frame.columns if _class(contract, name) == "sensitive"]
    one_row = contract.dataset == PEOPLE or contract.primary_key == (contract.local_key,)
    persons = F.count(F.lit(1)) if one_row else F.count_distinct(PSEUDONYM)
    groups = frame.groupBy(*(F.col(f"`{name}`") for name in quasi)).agg(
        persons.alias(_PERSONS), *(_different(name).alias(f"_l_{name}") for name in sensitive)
    )
    groups = groups.persist()
    try:
        told = _whole(groups, sensitive)
        searched = quasi[: bounds.columns]
        riskiest = _riskiest(groups, searched, bounds) if one_row else None
    finally:
        groups.unpersist()
    return {"table": contract.dataset, "quasi": quasi, **told, "riskiest": riskiest}


def below(reports: Sequence[dict[str, Any]], floor: int) -> bool:
    """Return whether a group of some table is smaller than the floor."""
    return any(each["k"] is not None and each["k"] < floor for each in reports)


def _class(contract: Contract, name: str) -> str:
    return contract.by_name[name].classification if name in contract.by_name else ""


def _different(name: str) -> Column:
    return F.approx_count_distinct(F.coalesce(F.col(f"`{name}`").cast("string"), F.lit("\u0000")), 0.01)


def _whole(groups: DataFrame, sensitive: Sequence[str]) -> dict[str, Any]:
    sizes = [F.sum(F.when(_between(first, last), F.col(_PERSONS))).alias(f"_size_{first}") for first, last in _SIZES]
    ls = [F.min(f"`_l_{name}`").alias(f"_l_{name}") for name in sensitive]
    totals = (F.min(_PERSONS).alias("k"), F.count(F.lit(1)).alias("groups"), F.sum(_PERSONS).alias("persons"))
    row = groups.agg(*totals, *sizes, *ls).collect()[0]
    persons, unique = int(row["persons"] or 0), int(row["_size_1"] or 0)
    return {
        "k": row["k"],
        "groups": count(row["groups"]),
        "persons": count(persons),
        "unique": count(unique),
        "unique_share": round(unique / persons, 2) if persons and (unique == 0 or unique >= SMALL) else None,
        "sizes": {_named(first, last): count(int(row[f"_size_{first}"] or 0)) for first, last in _SIZES},
        "l": {name: row[f"_l_{name}"] for name in sensitive},
    }


def _between(first: int, last: int | None) -> Column:
    return (F.col(_PERSONS) >= first) if last is None else F.col(_PERSONS).between(first, last)


def _named(first: int, last: int | None) -> str:
    return f"{first} or more" if last is None else str(first) if first == last else f"{first} to {last}"


def _riskiest(groups: DataFrame, quasi: Sequence[str], bounds: Bounds) -> list[dict[str, Any]]:
    """Search level by level, one pass each; what singles out at one level is not looked at within a larger one.

    Where all combinations are few, one pass looks at them all.
    """
    found: list[dict[str, Any]] = []
    safe: set[tuple[str, ...]] = {()}
    every = [each for size in range(1, len(quasi) + 1) for each in combinations(quasi, size)]
    known = _sizes_of(groups, every, bounds.floor) if len(every) <= bounds.combinations else None
    for size in range(1, len(quasi) + 1):
        # A combination is open when every one that it has one column more than is safe (Apriori's rule).
        level = [each for each in combinations(quasi, size) if safe.issuperset(combinations(each, size - 1))]
        if not level:
            break
        safe = set()
        sizes = known or _sizes_of(groups, level[: bounds.combinations], bounds.floor)
        for columns in (each for each in level if each in sizes):
            k, persons = sizes[columns]
            if k < bounds.floor:
                found.append({"columns": list(columns), "k": k, "_persons": persons})
            else:
                safe.add(columns)
    found.sort(key=lambda each: (-each["_persons"], each["columns"]))
    return [
        {"columns": each["columns"], "k": each["k"], "persons": count(each["_persons"])}
        for each in found[: bounds.combinations]
    ]


def _sizes_of(
    groups: DataFrame, wanted: Sequence[tuple[str, ...]], floor: int
) -> dict[tuple[str, ...], tuple[int, int]]:
    """Return the size of the smallest group, and the persons in groups under the floor, of each combination."""
    names = sorted({name for columns in wanted for name in columns})
    sets = [[F.col(f"`{name}`") for name in columns] for columns in wanted]
    sums = groups.groupingSets(sets, *(F.col(f"`{name}`") for name in names)).agg(
        F.sum(_PERSONS).alias(_PERSONS), F.grouping_id().alias("_set")
    )
    small = F.sum(F.when(F.col(_PERSONS) < floor, F.col(_PERSONS)).otherwise(0))
    rows = {
        row["_set"]: row for row in sums.groupBy("_set").agg(F.min(_PERSONS).alias("k"), small.alias("p")).collect()
    }
    told = {}
    for columns in wanted:
        # grouping_id() has a bit for each name, the first the highest, set where the name is grouped away.
        identity = sum(1 << (len(names) - 1 - place) for place, name in enumerate(names) if name not in columns)
        if identity in rows:
            told[columns] = (int(rows[identity]["k"]), int(rows[identity]["p"]))
    return told
