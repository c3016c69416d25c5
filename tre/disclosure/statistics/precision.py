"""How many people stand behind a figure, by what is told of its precision.

A mean's standard error is its standard deviation by the root of the number of people, so that both tell the number. The
standard error of a share p of n people is the root of p(1 - p)/n, that of a rate is the rate by the root of its cases
(Altman 1991, Practical Statistics for Medical Research). A 95 % interval is 3.92 such errors wide, of a rate on the
scale of the logarithm.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.shares import PERCENT, numbers_of, step_of

_DEVIATION = re.compile(r"(sd|std|st ?dev|std ?dev(iation)?|stdev|standard deviation)( [a-z]+)?", re.IGNORECASE)
_ERROR = re.compile(r"(sem?|std ?err(or)?|stderr|standard error( of( the)? mean)?)( [a-z]+)?", re.IGNORECASE)
_INTERVAL = r"(95 ?%? ?)?(ci|confidence interval|confidence limit|limit|bound)?"
_LOWER = re.compile(rf"{_INTERVAL} ?(lower|low|lo|lcl|ll|l|from) ?{_INTERVAL}", re.IGNORECASE)
_UPPER = re.compile(rf"{_INTERVAL} ?(upper|upp|high|hi|ucl|ul|u|to) ?{_INTERVAL}", re.IGNORECASE)
_RATE = re.compile(
    r"\bper 1(0{1,2}|,?000|0{1,2},?000|,?000,?000)\b|\b(crude|death|admission|incidence|mortality|infection|event|"
    r"fatality|attack)( rates?)?$|^rates?$",
    re.IGNORECASE,
)
# what is no share or rate of people as they were counted
_OTHER = re.compile(
    r"\b(ratio|odds|difference|diff|change|adjusted|standardi[sz]ed|weighted|model\w*|predicted|cumulative|survival|"
    r"change|heart|learning|growth|interest|error|missing|complete\w*|explained|variance)\b",
    re.IGNORECASE,
)
# what has a deviation over a few folds or runs, and not over people
_SCORES = re.compile(
    r"\b(auc\w*|auroc|roc auc|accuracy|acc|f1|loss|score|precision|recall|rmse|mae|mse|r2|brier|perplexity|bleu|folds?|"
    r"models?|epochs?|seeds?|runs?|iterations?|benchmark|latency|throughput|seconds|secs?|ms)\b",
    re.IGNORECASE,
)
_WIDTH = 2 * 1.959964  # standard errors
_EXACT_SHORT = 1.0  # cases that 1/se^2 of an exact interval is short by (Garwood 1936: of 3 cases 2.2, of 20 17.8)
_NUMBER = r"(\d+(?:\.\d+)?)"
_SD, _SE = r"\b(?:sd|standard deviation)\b", r"\b(?:sem?|standard error)\b"
# What stands in every text that both are told in: far cheaper to look for in a long one (RE2)
BOTH = rf"(?i)(?:{_SD}[^\n]{{0,80}}{_SE}|{_SE}[^\n]{{0,80}}{_SD})[ :=(]{{0,3}}(?:of |was |is )?[0-9]"
_IS = rf"[ :=(]{{0,3}}(?:of |was |is )?{_NUMBER}"
_TOLD_SD, _TOLD_SE = (re.compile(each + _IS, re.IGNORECASE) for each in (_SD, _SE))
_APART = 80  # characters between the two


def find_precision(table: Table, labels: list[str], counts: list[int], profile: Profile) -> Iterator[Hit]:
    """Yield the figures whose standard error or interval says that fewer people than may be told stand behind them.

    Parameters
    ----------
    labels : list of str
        The columns' names as words.
    counts : list of int
        The columns of counts, beside which a rate's precision tells no more.
    """
    errors = [n for n, label in enumerate(labels) if _ERROR.fullmatch(label)]
    deviations = [n for n, label in enumerate(labels) if _DEVIATION.fullmatch(label) and n not in errors]
    if errors and deviations and not any(map(_SCORES.search, labels)):
        yield from _of_means(table, deviations[0], errors[0], profile)
    rates = [n for n, label in enumerate(labels) if _is_of_people(label)]
    ends = [[n for n, label in enumerate(labels) if each.fullmatch(label)] for each in (_LOWER, _UPPER)]
    if len(rates) == 1 and not counts and (errors or all(ends)):
        told = _told_error(table, rates[0], errors, ends, labels)
        yield from _of_rates(table, rates[0], told, labels, profile)


def _is_of_people(label: str) -> bool:
    return bool(_RATE.search(label) or PERCENT.search(label)) and not _OTHER.search(label)


def _of_means(table: Table, deviation: int, error: int, profile: Profile) -> Iterator[Hit]:
    columns = table.columns[deviation], table.columns[error]
    (sd, se), (sd_step, se_step) = map(numbers_of, columns), map(step_of, columns)
    people, most = _people(sd, se), _people(sd + sd_step / 2, se - se_step / 2)
    named = [column.to_pylist() for n, column in enumerate(table.columns) if n not in (deviation, error)]
    scored = np.array([any(_SCORES.search(column[row]) for column in named) for row in range(table.rows)])
    small = profile.is_small(np.round(people)) & (people > 0) & ~scored
    for rule, rows in (
        ("recoverable-cell", np.flatnonzero(small & (most < profile.threshold))),
        ("possible-recoverable-cell", np.flatnonzero(small & ~(most < profile.threshold))),
    ):
        if len(rows):
            yield _hit(rule, table, rows, error)


def _people(sd: np.ndarray, se: np.ndarray) -> np.ndarray:
    """Return how many people a standard deviation and an error are of; NaN where they tell nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((se > 0) & (sd > 0), (sd / se) ** 2, np.nan)


def _told_error(
    table: Table, rate: int, errors: list[int], ends: list[list[int]], labels: list[str]
) -> np.ndarray:  # fmt: skip
    """Return the standard error that a rate is told with, or that its interval comes to, shape (rows,)."""
    if errors:
        return numbers_of(table.columns[errors[0]])
    low, high = (numbers_of(table.columns[each[0]]) for each in ends)
    at = numbers_of(table.columns[rate])
    with np.errstate(divide="ignore", invalid="ignore"):
        around = (low > 0) & (low < at) & (at < high)
        if PERCENT.search(labels[rate]):
            return np.where(around, (high - low) / _WIDTH, np.nan)
        relative = np.log(high / low) / _WIDTH
        return np.where(around, at / np.sqrt(relative**-2 + _EXACT_SHORT), np.nan)


def _of_rates(table: Table, rate: int, error: np.ndarray, labels: list[str], profile: Profile) -> Iterator[Hit]:
    at = numbers_of(table.columns[rate])
    with np.errstate(divide="ignore", invalid="ignore"):
        if PERCENT.search(labels[rate]):
            whole = 1.0 if np.nanmax(at, initial=0) <= 1 else 100.0
            cases = at * (whole - at) / error**2 * np.minimum(at, whole - at) / whole
        else:
            cases = (at / error) ** 2
    rows = np.flatnonzero((at > 0) & (error > 0) & (cases >= 0.5) & profile.is_small(np.round(cases)))
    if len(rows):
        yield _hit("possible-recoverable-cell", table, rows, rate)


def _hit(rule: str, table: Table, rows: np.ndarray, column: int) -> Hit:
    place = f"row {table.start + int(rows[0]) + 1}, column {table.names[column]}"
    return Hit(rule, "precision", table.where, place, len(rows), "", 0.8 if rule == "recoverable-cell" else 0.5)


def find_precision_in_words(where: str, text: str, profile: Profile) -> Iterator[Hit]:
    """Yield a hit for the standard deviations and errors beside each other in a text that are of a few people."""
    plain = pa.array([text.encode("utf-8", "replace")]).cast(pa.string())
    if not pc.match_substring_regex(plain, BOTH)[0].as_py():
        return
    found = 0
    for deviation in _TOLD_SD.finditer(text):
        around = text[max(deviation.start() - _APART, 0) : deviation.end() + _APART]
        error = _TOLD_SE.search(around)
        if error is not None and not _SCORES.search(around):
            people = _people(np.array([float(deviation[1])]), np.array([float(error[1])]))
            found += int(profile.is_small(np.round(people))[0])
    if found:
        yield Hit("possible-recoverable-cell", "precision", where, "", found, "", 0.5)
