"""A cohort as a declaration, in YAML or JSON, for who would rather not write SQL. It becomes SQL, and is judged as SQL.

See docs/cohorts.md. A criterion chooses the persons who have at least so many rows of a table that fit; ``all``,
``any`` and ``not`` combine criteria as sets of persons, so that a missing value is never more than a row that does not
fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import yaml

from spark_jobs.errors import JobRefused

_IS_DECLARED = re.compile(r"\s*(\{|---|#|(all|any|not|table)\s*:)")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_KEYS = frozenset({"table", "column", "operator", "value", "from", "to", "at_least"})
_COMPARISONS = frozenset({"=", "!=", "<", "<=", ">", ">="})
OPERATORS = (*sorted(_COMPARISONS), "in", "not in", "between", "starts with", "is there", "is missing")
_MOST_DEPTH, _MOST_CRITERIA = 10, 200
_EVERYBODY = "SELECT pseudonym FROM people"
_SETS = {"all": " INTERSECT ", "any": " UNION "}


def is_declared(text: str) -> bool:
    """Return whether a cohort's text is a declaration, and not SQL."""
    return _IS_DECLARED.match(text) is not None


def to_sql(text: str, dates: Mapping[str, str]) -> str:
    """Return the SELECT that a declaration stands for.

    Parameters
    ----------
    dates : mapping of str to str
        The date column of each dataset that has one: what ``from`` and ``to`` bound.

    Raises
    ------
    JobRefused
        When it is no such declaration, naming the key.
    """
    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError:
        raise _refused("The cohort is neither YAML nor JSON", "Look at its brackets and indents") from None
    return _Compiler(dates).query(told, 1)


class _Compiler:
    def __init__(self, dates: Mapping[str, str]) -> None:
        self._dates, self._criteria = dates, 0

    def query(self, told: Any, depth: int) -> str:
        if not isinstance(told, dict) or depth > _MOST_DEPTH:
            raise _refused("The cohort must be a criterion, or all, any or not", "See docs/cohorts.md")
        if len(told) == 1 and (word := next(iter(told))) in ("all", "any", "not"):
            return self._combined(word, told[word], depth)
        return self._criterion(told)

    def _combined(self, word: str, told: Any, depth: int) -> str:
        if word == "not":
            return f"({_EVERYBODY}) EXCEPT ({self.query(told, depth + 1)})"
        if not isinstance(told, list) or not told:
            raise _refused(f"'{word}' needs a list of criteria", "Write one below it after a dash")
        return _SETS[word].join(f"({self.query(each, depth + 1)})" for each in told)

    def _criterion(self, told: dict[str, Any]) -> str:
        self._criteria += 1
        if self._criteria > _MOST_CRITERIA:
            raise _refused(f"The cohort has more than {_MOST_CRITERIA} criteria", "Use 'in' with a list of values")
        if unknown := sorted(map(str, set(told) - _KEYS)):
            raise _refused(f"A criterion has no key '{unknown[0]}'", f"Use: {', '.join(sorted(_KEYS))}")
        table = _name(told.get("table"), "table")
        wheres = [*_condition(told), *self._window(table, told)]
        where = f" WHERE {' AND '.join(wheres)}" if wheres else ""
        least = told.get("at_least", 1)
        if not isinstance(least, int) or isinstance(least, bool) or least < 1:
            raise _refused("'at_least' must be a whole number of 1 or more", "Correct it")
        having = f" GROUP BY pseudonym HAVING count(*) >= {least}" if least > 1 else ""
        return f"SELECT pseudonym FROM {table}{where}{having}"

    def _window(self, table: str, told: dict[str, Any]) -> list[str]:
        bounds = [(told[key], sign) for key, sign in (("from", ">="), ("to", "<=")) if key in told]
        if bounds and table not in self._dates:
            raise _refused(f"The table '{table}' has no date to bound by", "Leave out from and to")
        if not all(isinstance(day, date) for day, _ in bounds):
            raise _refused("'from' and 'to' must be dates", "Write them as 2024-01-31, without quotes")
        # Adding no days makes a date of a moment, too.
        return [f"date_add({self._dates[table]}, 0) {sign} {_literal(day)}" for day, sign in bounds]


def _condition(told: dict[str, Any]) -> list[str]:
    if "column" not in told:
        if "operator" in told or "value" in told:
            raise _refused("A criterion has an operator or a value without a column", "Name the column")
        return []
    column, operator, value = _name(told["column"], "column"), told.get("operator", "="), told.get("value")
    if operator in ("is there", "is missing"):
        return [f"{column} IS {'NOT ' if operator == 'is there' else ''}NULL"]
    if operator in ("in", "not in") and isinstance(value, list) and value:
        return [f"{column} {str(operator).upper()} ({', '.join(_literal(each) for each in value)})"]
    if operator == "between" and isinstance(value, list) and len(value) == 2:
        return [f"{column} BETWEEN {_literal(value[0])} AND {_literal(value[1])}"]
    if operator == "starts with" and isinstance(value, str) and value:
        return [f"substr({column}, 1, {len(value)}) = {_literal(value)}"]
    if operator in _COMPARISONS:
        return [f"{column} {operator} {_literal(value)}"]
    raise _refused(f"The operator of '{column}' and its value do not fit", f"Use one of: {', '.join(OPERATORS)}")


def _name(told: Any, key: str) -> str:
    if not isinstance(told, str) or not _NAME.fullmatch(told):
        raise _refused(f"A criterion lacks its {key}", f"Write {key}: and a name of small letters")
    return told


def _literal(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(value)
    if type(value) is date:
        return f"date'{value.isoformat()}'"
    raise _refused("A value is neither text, a number nor a date", "Write codes in quotes, and dates as 2024-01-31")


def _refused(what: str, todo: str) -> JobRefused:
    return JobRefused(what, where="cohort", todo=todo)
