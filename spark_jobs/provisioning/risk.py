"""How many persons share what an outsider may know of them: k, l, the unique, and the combinations that single out.

k of a table is the number of persons in the smallest group that agrees in every quasi-identifier (Samarati and
Sweeney 1998); l of a sensitive column is the least number of different values in a group (Machanavajjhala et al.
2007), on Spark counted by HyperLogLog++, which is exact for the few values that matter. A missing value counts as one.
The combinations are the smallest that already single somebody out, after SUDA's minimal sample uniques (Elliot et al.
2002): every larger one does so too. Only counts are told, and those under ten are told as "under 10".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from spark_jobs.contracts import Contract
from spark_jobs.provisioning.cohort import PEOPLE, PSEUDONYM
from spark_jobs.provisioning.engines import Engine

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


def report(
    engine: Engine, rows: Any, columns: Sequence[str], contract: Contract, bounds: Bounds
) -> dict[str, Any] | None:
    """Return the report of one table, or None when it has no persons or no quasi-identifier.

    Parameters
    ----------
    rows, columns
        The table as written, generalisations included, and the names of its columns.

    Returns
    -------
    dict
        ``table``, ``quasi`` (columns), ``k``, ``groups``, ``persons``, ``unique`` and ``unique_share`` (persons alone
        in their group), ``sizes`` (persons by the size of their group), ``l`` (by sensitive column) and ``riskiest``
        (combinations, each with ``columns``, ``k`` and ``persons`` under the floor; None where a person has several
        rows, since there groups of fewer columns do not add up).
    """
    quasi = [name for name in columns if _class(contract, name) == "quasi"]
    if not quasi or PSEUDONYM not in columns:
        return None
    sensitive = [name for name in columns if _class(contract, name) == "sensitive"]
    one_row = contract.dataset == PEOPLE or contract.primary_key == (contract.local_key,)
    persons = "count(*)" if one_row else f"count(DISTINCT {PSEUDONYM})"
    different = [f"{_different(engine.name(name))} AS _l_{place}" for place, name in enumerate(sensitive)]
    named = ", ".join(engine.name(name) for name in quasi)
    told = ", ".join([named, f"{persons} AS {_PERSONS}", *different])
    with engine.keep(f"SELECT {told} FROM {{rows}} GROUP BY {named}", rows=rows) as groups:
        whole = _whole(engine, groups, sensitive)
        riskiest = _riskiest(engine, groups, quasi[: bounds.columns], bounds) if one_row else None
    return {"table": contract.dataset, "quasi": quasi, **whole, "riskiest": riskiest}


def below(reports: Sequence[dict[str, Any]], floor: int) -> bool:
    """Return whether a group of some table is smaller than the floor."""
    return any(each["k"] is not None and each["k"] < floor for each in reports)


def _class(contract: Contract, name: str) -> str:
    return contract.by_name[name].classification if name in contract.by_name else ""


def _different(column: str) -> str:
    """Return how many different values there are: a missing one is one more than those that are there."""
    return f"approx_count_distinct({column}, 0.01) + max(CASE WHEN {column} IS NULL THEN 1 ELSE 0 END)"


def _whole(engine: Engine, groups: Any, sensitive: Sequence[str]) -> dict[str, Any]:
    asked = [
        f"min({_PERSONS}) AS k",
        "count(*) AS number",
        f"sum({_PERSONS}) AS persons",
        *(f"sum(CASE WHEN {_between(first, last)} THEN {_PERSONS} END) AS size_{first}" for first, last in _SIZES),
        *(f"min(_l_{place}) AS l_{place}" for place in range(len(sensitive))),
    ]
    (row,) = engine.ask(f"SELECT {', '.join(asked)} FROM {{groups}}", groups=groups)
    persons, unique = int(row["persons"] or 0), int(row["size_1"] or 0)
    return {
        "k": row["k"],
        "groups": count(row["number"]),
        "persons": count(persons),
        "unique": count(unique),
        "unique_share": round(unique / persons, 2) if persons and (unique == 0 or unique >= SMALL) else None,
        "sizes": {_named(first, last): count(int(row[f"size_{first}"] or 0)) for first, last in _SIZES},
        "l": {name: row[f"l_{place}"] for place, name in enumerate(sensitive)},
    }


def _between(first: int, last: int | None) -> str:
    return f"{_PERSONS} >= {first}" if last is None else f"{_PERSONS} BETWEEN {first} AND {last}"


def _named(first: int, last: int | None) -> str:
    return f"{first} or more" if last is None else str(first) if first == last else f"{first} to {last}"


def _riskiest(engine: Engine, groups: Any, quasi: Sequence[str], bounds: Bounds) -> list[dict[str, Any]]:
    """Search level by level, one pass each; what singles out at one level is not looked at within a larger one.

    Where all combinations are few, one pass looks at them all.
    """
    found: list[dict[str, Any]] = []
    safe: set[tuple[str, ...]] = {()}
    every = [each for size in range(1, len(quasi) + 1) for each in combinations(quasi, size)]
    known = _sizes_of(engine, groups, every, bounds.floor) if len(every) <= bounds.combinations else None
    for size in range(1, len(quasi) + 1):
        # A combination is open when every one that it has one column more than is safe (Apriori's rule).
        level = [each for each in combinations(quasi, size) if safe.issuperset(combinations(each, size - 1))]
        if not level:
            break
        safe = set()
        sizes = known or _sizes_of(engine, groups, level[: bounds.combinations], bounds.floor)
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
    engine: Engine, groups: Any, wanted: Sequence[tuple[str, ...]], floor: int
) -> dict[tuple[str, ...], tuple[int, int]]:
    """Return the size of the smallest group, and the persons in groups under the floor, of each combination."""
    names = sorted({name for columns in wanted for name in columns})
    sets = ", ".join(f"({', '.join(engine.name(name) for name in columns)})" for columns in wanted)
    # grouping() is 1 where a column is grouped away.
    marks = ", ".join(f"grouping({engine.name(name)}) AS g{place}" for place, name in enumerate(names))
    marked = ", ".join(f"g{place}" for place in range(len(names)))
    small = f"sum(CASE WHEN {_PERSONS} < {int(floor)} THEN {_PERSONS} ELSE 0 END)"
    rows = engine.ask(
        f"SELECT {marked}, min({_PERSONS}) AS k, {small} AS p FROM (SELECT {marks}, sum({_PERSONS}) AS {_PERSONS}"
        f" FROM {{groups}} GROUP BY GROUPING SETS ({sets})) GROUP BY {marked}",
        groups=groups,
    )
    by_columns = {tuple(name for place, name in enumerate(names) if not row[f"g{place}"]): row for row in rows}
    found = {columns: by_columns.get(tuple(sorted(columns))) for columns in wanted}
    return {columns: (int(row["k"]), int(row["p"])) for columns, row in found.items() if row}
