"""Whether a table holds people or groups of people, and whether a figure carries what it was drawn from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Series, Table
from tre.disclosure.detectors.computed import is_replicated, is_search
from tre.disclosure.detectors.counts import INTEGER, SEVERAL, counted, is_count, label, share, without_row_numbers
from tre.disclosure.detectors.curves import is_curve, is_run
from tre.disclosure.detectors.genomes import find_genotypes
from tre.disclosure.detectors.groups import find_groups, one_way
from tre.disclosure.detectors.headings import under_heading
from tre.disclosure.detectors.people import find_by_person, find_few_people, find_one_column, is_turned
from tre.disclosure.detectors.relations import find_relations
from tre.disclosure.detectors.request_logs import is_request_log
from tre.disclosure.detectors.whereabouts import find_places
from tre.disclosure.model import Hit
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.recognise import find_statistics
from tre.disclosure.statistics.shares import numbers_of

_PERSON_ID = re.compile(
    r"\b(pseudonym|nhs ?number|(person|patient|record|spell|episode|event|subject|participant|client|study|encounter|"
    r"hospital|local|case)? ?(id|identifier|key|ref|reference|number|no)|mrn|uuid|guid)\b",
    re.IGNORECASE,
)
_LEAST_POINTS = 3  # of a line
# what has a number that is no person's
_THINGS = re.compile(
    r"\b(grid|map|table|figure|page|line|row|column|file|model|run|fold|batch|version|section|item|question|variable|"
    r"feature|cluster|bin|node|step|tree|job|task|experiment|code|dataset|site|practice|provider|organi[sz]ation|"
    r"ward|icb|trust|region|area|district|lsoa|msoa|team|product|drug) ?"
    r"(id|identifier|key|ref|reference|number|no)\b",
    re.IGNORECASE,
)
# whole numbers in a column of these are no counts of people
_NO_CELLS = re.compile(
    r"(\w+ ){0,2}(rank|ranking|position|order|page|pages|seconds|minutes|hours|duration|time|epochs?|folds?|steps?|"
    r"depth|leaves|layers?|in|out|units|width|height|version|seed|code|year|month|week|level|grade|score|priority|line)",
    re.IGNORECASE,
)
_SETTINGS = re.compile(r"\b(hyper ?)?(parameters?|params?|settings?|options?|arguments?|config\w*)\b", re.IGNORECASE)


def find_shape(table: Table, shape: Mapping[str, float], profile: Profile) -> Iterator[Hit]:
    """Yield what the shape of a table gives away: records, or small counts in a summary."""
    if not table.rows or not table.names:
        return
    table = _trimmed(table)
    if not table.rows:
        return
    if len(table.names) > shape["review_rows"] > table.rows and is_turned(table):
        rule = "record-level" if len(table.names) >= shape["record_rows"] else "possible-records"
        yield Hit(rule, "turned", table.where, "", len(table.names), "", 0.8)
        return
    ids = _identifier_columns(table, shape, profile)
    if ids:
        yield Hit("record-level", "person-identifier", table.where, f"column {ids[0]}", table.rows, "", 0.95)
        return
    by_person = list(find_by_person(table, shape)) or list(find_relations(table, shape))
    by_person = by_person or list(find_genotypes(table, shape))
    if by_person:
        yield from by_person
        return
    yield from find_places(table, shape)
    table, counts = counted(table)
    crosstab = [] if counts else _crosstab(table, shape)
    yield from find_statistics(table, counts or crosstab, shape, profile)
    if counts or crosstab:
        sure = counts and not all(_may_be_a_persons(table, n) for n in counts)
        rule = "small-count" if sure else "possible-small-count"
        yield from _small_counts(table, counts or crosstab, profile, rule)
        if counts:
            yield from find_groups(table, counts, shape)
            yield from find_few_people(table, shape)
        if table.rows > shape["aggregate_rows"]:
            yield Hit("possible-records", "many-rows", table.where, "", table.rows, "", 0.5)
        return
    yield from _records(table, shape)


def _trimmed(table: Table) -> Table:
    """Return a table without blanks around its values, titles over its heading and a first column of row numbers."""
    trimmed = replace(table, columns=tuple(map(pc.utf8_trim_whitespace, table.columns)))
    return without_row_numbers(under_heading(trimmed))


def _identifier_columns(table: Table, shape: Mapping[str, float], profile: Profile) -> list[str]:
    if table.rows < shape["id_rows"]:
        return []
    return [
        name
        for name, column in zip(table.names, table.columns, strict=True)
        if _PERSON_ID.search(_THINGS.sub(" ", label(name)))
        and label(name).lower() != "number"
        and not _is_a_programs(name, column)
        and not (_names_a_thing(name, column) and _counts_many(table, profile))
        and pc.count_distinct(column).as_py() >= shape["near_unique"] * table.rows
        and len(table.names) > 1
    ]


def _is_a_programs(name: str, column: pa.Array) -> bool:
    """Tell whether a column numbers things in order under a name that says no more, or is named as Python's own are."""
    if name.startswith("__") and name.endswith("__"):
        return True
    return label(name).lower() in ("id", "key", "no") and bool(np.all(np.diff(numbers_of(column)) == 1))


def _counts_many(table: Table, profile: Profile) -> bool:
    """Tell whether a column counts, in each row, as many people or events as may be told: rows of groups."""
    return any(
        is_count(name, column) and bool(np.all(numbers_of(column) >= profile.threshold))
        for name, column in zip(table.names, table.columns, strict=True)
        if not SEVERAL.fullmatch(label(name))
    )


def _names_a_thing(name: str, column: pa.Array) -> bool:
    """Tell whether a column called no more than an identifier has words: the wards and clinics of a network."""
    bare = label(name).lower() in ("id", "key", "ref", "identifier")
    return bare and not pc.any(pc.match_substring_regex(column, r"[0-9]")).as_py()


def _may_be_a_persons(table: Table, column: int) -> bool:
    """Tell whether a single row counts what one person can have several of: an example of a model's input does."""
    return table.rows == 1 and bool(SEVERAL.fullmatch(label(table.names[column])))


def _crosstab(table: Table, shape: Mapping[str, float]) -> list[int]:
    """Return the whole-number columns of a table that reads as a crosstab: labels first, then whole numbers only."""
    whole = [n for n, column in enumerate(table.columns) if share(column, INTEGER) >= 0.9]
    labels = [n for n in range(len(table.names)) if n not in whole]
    if labels != list(range(len(labels))) or len(labels) > 3 or table.rows >= shape["review_rows"]:
        return []
    while whole and not _all_differ([table.columns[n] for n in labels]):
        labels.append(whole.pop(0))  # numbers that are needed to tell the rows apart are labels too
    if labels and _SETTINGS.search(label(table.names[labels[0]])):
        return []
    if _is_coding([numbers_of(table.columns[n]) for n in whole]):
        return []
    return [n for n in whole if not _NO_CELLS.fullmatch(label(table.names[n]))]


def _is_coding(columns: list[np.ndarray]) -> bool:
    """Tell whether columns code the levels of a factor for a model: a one for each, noughts, and -1 or 0 for the last.

    Counts are never under nought, and those of a table of people are not one in each column, in a row of its own.
    """
    if len(columns) < 2:
        return False
    codes = np.column_stack(columns)
    if not np.isin(codes, (-1, 0, 1)).all():
        return False
    return bool(((codes == 1).sum(axis=0) == 1).all() and ((codes == 1).sum(axis=1) <= 1).all())


def _all_differ(columns: list[pa.Array]) -> bool:
    """Tell whether no two rows of some columns are the same."""
    if not columns:
        return False
    return bool(pc.count_distinct(pc.binary_join_element_wise(*columns, "\x1f")).as_py() == len(columns[0]))


def _small_counts(table: Table, columns: list[int], profile: Profile, rule: str) -> Iterator[Hit]:
    for n in columns:
        whole = pc.match_substring_regex(table.columns[n], INTEGER).to_numpy(zero_copy_only=False)
        small = np.flatnonzero(profile.is_small(np.where(whole, numbers_of(table.columns[n]), np.inf)))
        if len(small):
            place = f"row {table.start + int(small[0]) + 1}, column {table.names[n]}"
            yield Hit(rule, "count", table.where, place, len(small), "", 0.9 if rule == "small-count" else 0.5)


def _records(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for a table without counts and of many rows, whether each stands once or they repeat."""
    yield from find_few_people(table, shape)
    yield from find_one_column(table, shape)
    if table.rows < shape["review_rows"] or len(table.names) < 2 or is_run(table) or is_search(table):
        return
    if table.rows < shape["record_rows"] and is_request_log(table):
        return
    sure = table.rows >= shape["record_rows"] and not is_curve(table) and not is_replicated(table)
    rule, confidence = ("record-level", 0.9) if sure else ("possible-records", 0.5)
    yield Hit(rule, "many-rows", table.where, "", table.rows, "", confidence)


def find_lines(many: Sequence[Series], shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for a figure that carries as many short series under one name as a sample has people."""
    lines: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for each in many:
        if each.in_figure and _LEAST_POINTS <= len(each.values) < shape["plot_points"]:
            lines.setdefault((each.where, each.name), set()).add(each.values)
    for (where, name), different in lines.items():
        if len(different) >= shape["plot_points"]:
            place = f"arrays {name}" if name else ""
            yield Hit("possible-figure-rows", "lines", where, place, len(different), "", 0.5)


def find_series(series: Series, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for an array that is long enough to be one value for each person."""
    length = len(series.values)
    place = f"array {series.name}" if series.name else ""
    if series.in_figure and length >= shape["plot_points"] and not one_way(series.values):
        yield Hit("figure-rows", "payload", series.where, place, length, "", 0.9)
    elif series.in_figure and length >= shape["plot_line_points"]:
        yield Hit("possible-figure-rows", "payload", series.where, place, length, "", 0.5)
    elif not series.in_figure and length >= shape["list_values"]:
        yield Hit("value-list", "array", series.where, place, length, "", 0.5)


def counts_of(table: Table, shape: Mapping[str, float]) -> tuple[Table, list[int]]:
    """Return a table in plain counts, and the columns that hold them: by their names, or as a cross-table does.

    A single column that is named as one may be a cross-table's totals.
    """
    if not table.rows or not table.names:
        return table, []
    table, named = counted(_trimmed(table))
    if not table.rows:
        return table, []
    crosstab = _crosstab(table, shape) if len(named) < 2 else []
    return table, crosstab if set(named) <= set(crosstab) else named
