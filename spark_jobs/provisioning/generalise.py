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
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from spark_jobs.contracts import Contract, Field
from spark_jobs.errors import JobRefused

AREAS = "small_area"
_AREA = "lsoa"
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
    if areas is None or column != _AREA or wider == _AREA:
        return None
    field = areas.by_name.get(wider)
    return field if field is not None and field.published and field.type == "string" else None


def apply(frame: DataFrame, rules: Rules, areas: DataFrame | None) -> DataFrame:
    """Return the frame with each column that has a rule made coarser, in its place and under its name.

    Parameters
    ----------
    areas : DataFrame or None
        ``small_area``, where a rule asks for a wider area. It is small: a country has some 40,000.
    """
    for column, rule in rules.items():
        if rule["to"] == "area" and areas is not None:
            wider = areas.select(F.col(_AREA).alias("_area"), F.col(f"`{rule['column']}`").alias("_wider"))
            joined = frame.join(F.broadcast(wider), F.col(f"`{column}`") == F.col("_area"), "left")
            frame = joined.withColumn(column, F.col("_wider")).drop("_area", "_wider")
        else:
            frame = frame.withColumn(column, coarser(F.col(f"`{column}`"), rule))
    return frame


def coarser(value: Column, rule: Mapping[str, Any]) -> Column:
    """Return a value made coarser; null stays null."""
    kind = str(rule["to"])
    if kind == "band":
        return _band(value, rule["width"])
    if kind == "age_band":
        age = F.when(value.isNotNull(), F.greatest(F.lit(rule["at"]) - value, F.lit(0)))
        return F.when(age >= rule["top"], F.lit(f"{rule['top']}+")).otherwise(_band(age, rule["width"]))
    if kind in ("top", "bottom"):
        bounded = F.least if kind == "top" else F.greatest
        return F.when(value.isNotNull(), bounded(value, F.lit(rule["at"])))
    if kind == "prefix":
        return F.substring(value, 1, rule["length"])
    if kind == "chapter":
        return _chapter(value)
    return F.trunc(value, kind)


def _band(value: Column, width: int) -> Column:
    first = (value - F.pmod(value, F.lit(width))).cast("int")
    return F.concat(first.cast("string"), F.lit("-"), (first + (width - 1)).cast("string"))


def _chapter(code: Column) -> Column:
    category = F.substring(code, 1, 3)
    known = category.rlike("^[A-Z][0-9]{2}")
    chapters = reduce(lambda found, each: found.when(known & (category <= each[0]), each[1]), _CHAPTERS, F)
    return chapters.otherwise(F.lit(None))
