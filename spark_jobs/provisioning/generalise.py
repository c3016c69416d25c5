"""Makes a column coarser, so that it says enough for the study and less about a person.

A rule is a mapping with ``to`` and what that needs:

========  ==========================  =====================================================================
to        more                        gives
========  ==========================  =====================================================================
band      width                       the band of a whole number: 1953 in bands of 5 is 1950-1954
age_band  width, at, top              the band of the age reached in the year ``at`` by who was born in this
                                      year; ``top`` and over is one band
month     (quarter, year: likewise)   the first day of the date's month
top       at                          the number, or ``at`` where it is above
bottom    at                          the number, or ``at`` where it is below
area      column                      a wider area of the small area, from that column of ``small_area``
prefix    length                      the code's first characters (OPCS-4: one is the chapter)
chapter                               the chapter of an ICD-10 code
========  ==========================  =====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spark_jobs.contracts import Contract, Field
from spark_jobs.errors import JobRefused

AREAS = "small_area"
AREA = "lsoa"
_NUMBERS, _DATES, _TEXT = frozenset({"int", "double"}), frozenset({"date", "timestamp"}), frozenset({"string"})
_RULES: dict[str, tuple[frozenset[str], frozenset[str]]] = {
    "band": (frozenset({"int"}), frozenset({"width"})),
    "age_band": (frozenset({"int"}), frozenset({"width", "at", "top"})),
    "month": (_DATES, frozenset()),
    "quarter": (_DATES, frozenset()),
    "year": (_DATES, frozenset()),
    "top": (_NUMBERS, frozenset({"at"})),
    "bottom": (_NUMBERS, frozenset({"at"})),
    "area": (_TEXT, frozenset({"column"})),
    "prefix": (_TEXT, frozenset({"length"})),
    "chapter": (_TEXT, frozenset()),
}
# The last category of each chapter, in the order of the alphabet: WHO, ICD-10, tabular list, 2019.
_CHAPTERS = (
    ("B99", "I"), ("D49", "II"), ("D99", "III"), ("E99", "IV"), ("F99", "V"), ("G99", "VI"), ("H59", "VII"),
    ("H99", "VIII"), ("I99", "IX"), ("J99", "X"), ("K99", "XI"), ("L99", "XII"), ("M99", "XIII"), ("N99", "XIV"),
    ("O99", "XV"), ("P99", "XVI"), ("Q99", "XVII"), ("R99", "XVIII"), ("T99", "XIX"), ("U99", "XXII"), ("Y99", "XX"),
    ("Z99", "XXI"),
)  # fmt: skip

Rules = Mapping[str, Mapping[str, Any]]


def check(rules: Rules, columns: list[str], contract: Contract, areas: Contract | None) -> None:
    """Refuse a rule that is unknown, lacks something, or does not fit its column.

    Parameters
    ----------
    rules : mapping
        By the name of the column.
    columns : list of str
        The columns that were agreed.
    areas : Contract or None
        The contract of ``small_area``.

    Raises
    ------
    JobRefused
        Naming the dataset and the column.
    """
    for column, rule in rules.items():
        where = f"{contract.dataset}, {column}"
        if column not in columns:
            raise JobRefused("A rule is for a column that was not agreed", where=where, todo="Remove the rule")
        kinds, needs = _RULES.get(str(rule.get("to")), (frozenset[str](), frozenset[str]()))
        if not kinds:
            raise JobRefused("There is no such rule", where=where, todo=f"Use one of: {', '.join(_RULES)}")
        if set(rule) - {"to"} != needs:
            raise JobRefused(
                f"The rule '{rule['to']}' needs just: {', '.join(sorted(needs)) or 'nothing'}", where=where
            )
        if contract.by_name[column].type not in kinds:
            raise JobRefused(f"The rule '{rule['to']}' does not fit a {contract.by_name[column].type}", where=where)
        _check_numbers(rule, where)
        if rule["to"] == "area" and not _area_of(areas, column, str(rule["column"])):
            raise JobRefused("The small areas hold no such wider area", where=where, todo="See small_area's contract")


def _check_numbers(rule: Mapping[str, Any], where: str) -> None:
    for name in ("width", "at", "top", "length"):
        least = 1 if name in ("width", "length") else 0
        if name in rule and (not isinstance(rule[name], int) or isinstance(rule[name], bool) or rule[name] < least):
            raise JobRefused(f"The rule's '{name}' must be a whole number of {least} or more", where=where)


def _area_of(areas: Contract | None, column: str, wider: str) -> Field | None:
    if areas is None or column != AREA or wider == AREA:
        return None
    field = areas.by_name.get(wider)
    return field if field is not None and field.published and field.type == "string" else None


def coarser(value: str, rule: Mapping[str, Any]) -> str:
    """Return a column made coarser, as SQL of :mod:`spark_jobs.provisioning.engines`; null stays null.

    Parameters
    ----------
    value : str
        The column, as a query holds it.
    rule : mapping
        Any but ``area``, for which another table is needed.
    """
    kind = str(rule["to"])
    if kind == "band":
        return _band(value, rule["width"])
    if kind == "age_band":
        age, top = f"greatest({rule['at']} - {value}, 0)", rule["top"]
        band = _band(age, rule["width"])
        return f"CASE WHEN {value} IS NULL THEN NULL WHEN {age} >= {top} THEN '{top}+' ELSE {band} END"
    if kind in ("top", "bottom"):
        bounded = "least" if kind == "top" else "greatest"
        return f"CASE WHEN {value} IS NOT NULL THEN {bounded}({value}, {rule['at']}) END"
    if kind == "prefix":
        return f"substring({value}, 1, {rule['length']})"
    if kind == "chapter":
        return _chapter(value)
    return f"CAST(date_trunc('{kind}', {value}) AS DATE)"


def _band(value: str, width: int) -> str:
    first = f"({value} - pmod({value}, {width}))"
    return f"CAST({first} AS STRING) || '-' || CAST({first} + {width - 1} AS STRING)"


def _chapter(code: str) -> str:
    category = f"substring({code}, 1, 3)"
    chapters = " ".join(f"WHEN {category} <= '{last}' THEN '{chapter}'" for last, chapter in _CHAPTERS)
    return f"CASE WHEN NOT coalesce(regexp_like({category}, '^[A-Z][0-9][0-9]'), false) THEN NULL {chapters} END"
