"""Which columns hold counts, by their names and their cells, also where a count is written together with its share."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.number_words import PHRASE, digits_of_words
from tre.disclosure.statistics.shares import numbers_of

_ROW_NUMBER = {"", "unnamed 0", "index", "row", "rownames", "row names"}
SUPPRESSED = ("[c]", "[x]", "[low]", "*", "..", "-", "", "suppressed", "redacted", "nan", "none")
INTEGER = r"^-?([0-9]{1,15}|[0-9]{1,3}(,[0-9]{3})+)(\.0+)?$"
_COUNT = re.compile(
    r"(^|\b)(counts?|n|num|numbers?|totals?|freq|frequency|frequencies|size|all|all people|numerator|denominator|"
    r"patients|people|persons|population|residents|participants|subjects|individuals|women|men|males|females|children|"
    r"adults|babies|births|deaths|events|cases|controls|admissions|readmissions|attendances|appointments|visits|"
    r"referrals|discharges|transfers|spells|episodes|stays|consultations|contacts|prescriptions|vaccinations|"
    r"diagnoses|procedures|operations|at risk|censored|exposed|unexposed|rows|records|observations)(\b|$)",
    re.IGNORECASE,
)
# what one person can have several of: such a column may stand beside each of them
SEVERAL = re.compile(
    r"(n |num |number of |previous |prior )?(admissions|readmissions|attendances|appointments|visits|referrals|events|"
    r"discharges|transfers|spells|episodes|stays|consultations|contacts|prescriptions|vaccinations|diagnoses|"
    r"procedures|operations|children)",
    re.IGNORECASE,
)
_NO_COUNT = re.compile(
    r"\b(per|rate|ratio|mean|median|average|share|percent|percentage|pct|sd|se|p)\b|"
    # of a model, how many it has of something
    r"^(n|num) (estimators|trees|leaves|layers|units|heads|epochs|iter\w*|jobs|neighbou?rs|components|folds|splits|"
    r"bins|features|steps|chains|draws|permutations|bootstraps|simulations)$",
    re.IGNORECASE,
)
_WHOLE = r"([0-9][0-9,]*)"
_OF = r"(?: ?(?:/|of|out of) ?[0-9][0-9,]*)?"
# "97 (58.3%)", "97/166 [58.3 %]", "n = 97; 58%", and the same turned round
_COUNT_FIRST = rf"(?i)^(?:n ?= ?)?{_WHOLE}{_OF},? ?[(\[;|] ?[<>~]?[0-9.]+ ?(?:%|per ?cent|pct) ?[)\]]?$"
_SHARE_FIRST = rf"(?i)^[<>~]?[0-9.]+ ?(?:%|per ?cent|pct) ?[(\[;|] ?(?:n ?= ?)?{_WHOLE}{_OF} ?[)\]]?$"
# without a sign for the share the heading must say that there is one: "n (%)"
_BARE = rf"^{_WHOLE}{_OF} ?[(\[] ?[0-9.]+ ?[)\]]$"
_OUT_OF = rf"(?i)^{_WHOLE} ?(?:/|of|out of) ?[0-9][0-9,]*$"
_NAMES_SHARE = re.compile(r"%|\bper ?cent|\bpct\b", re.IGNORECASE)
_WORDS = rf"(?i)^(?:{PHRASE})$"
_SAMPLE = 200
_WITH_SHARE = 0.5  # of the cells that say something: a table of patients' features has means as well


def filled(column: pa.Array) -> pa.Array:
    """Return the values that are neither empty nor suppressed."""
    lower = pc.utf8_lower(pc.utf8_trim_whitespace(column))
    return pc.filter(column, pc.invert(pc.is_in(lower, pa.array(SUPPRESSED))))


def share(column: pa.Array, pattern: str) -> float:
    """Return the share of the values, empty and suppressed ones left out, that fit the pattern (RE2)."""
    values = filled(column)
    return float(pc.mean(pc.match_substring_regex(values, pattern)).as_py() or 0.0) if len(values) else 0.0


def label(name: str) -> str:
    """Return a column's name as words."""
    return re.sub(r"[_\W]+", " ", name).strip()


def names_count(name: str) -> bool:
    """Tell whether a column's name says that it holds counts of people or events."""
    return bool(_COUNT.search(label(name))) and not _NO_COUNT.search(label(name))


def is_count(name: str, column: pa.Array) -> bool:
    """Tell whether a column holds whole numbers under a name that says that they are counts."""
    return names_count(name) and share(column, INTEGER) >= 0.9


def in_digits(name: str, column: pa.Array) -> pa.Array:
    """Return a column that is named as one of counts with those that are written in words in digits.

    Parameters
    ----------
    column : pa.Array
        Strings, shape (rows,).
    """
    if not names_count(name) or not pc.any(pc.match_substring_regex(column[:_SAMPLE], _WORDS)).as_py():
        return column
    worded = pc.match_substring_regex(column, _WORDS).to_pylist()
    digits = [digits_of_words(cell) if told else cell for cell, told in zip(column.to_pylist(), worded, strict=True)]
    return pa.array(digits, pa.string())


def without_shares(name: str, column: pa.Array) -> tuple[pa.Array, bool]:
    """Return a column with each count that is written beside its share alone, and whether it had such.

    Parameters
    ----------
    column : pa.Array
        Strings, shape (rows,).
    """
    some = column[:_SAMPLE]  # most columns are long, and have none
    for pattern in (_COUNT_FIRST, _SHARE_FIRST, *_said_by(name)):
        if share(some, pattern) >= _WITH_SHARE and share(column, pattern) >= _WITH_SHARE:
            return pc.replace_substring_regex(column, pattern, r"\1"), True
    return column, False


def _said_by(name: str) -> tuple[str, ...]:
    shares = (_BARE,) if _NAMES_SHARE.search(name) else ()
    return (*shares, _OUT_OF) if names_count(name) else shares


def counted(table: Table) -> tuple[Table, list[int]]:
    """Return a table with each count that is written beside its share alone, and the columns of its counts."""
    plain = [in_digits(name, column) for name, column in zip(table.names, table.columns, strict=True)]
    parted = [without_shares(name, column) for name, column in zip(table.names, plain, strict=True)]
    counts = [n for n, (column, had) in enumerate(parted) if had or is_count(table.names[n], column)]
    return replace(table, columns=tuple(column for column, _ in parted)), counts


def without_row_numbers(table: Table) -> Table:
    """Return a table without a first column that only numbers the rows, as a frame's index does."""
    if len(table.names) < 2 or label(table.names[0]).lower() not in _ROW_NUMBER:
        return table
    values = numbers_of(table.columns[0])
    if len(values) < 2 or not np.all(np.diff(values) == 1):
        return table
    return replace(table, names=table.names[1:], columns=table.columns[1:])
