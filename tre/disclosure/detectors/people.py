"""Rows of people by what their columns say: who somebody is to an outsider, in values as fine as only a person has.

What a hospital or a neighbour knows of a person (sex, age, where they live, what they have, when something happened;
Sweeney 2000 and ISB 1523 call them quasi-identifiers) stands in a summary as bands and beside a figure. Single years of
age or full days in each row, two more such columns and no figure of a group are people, however few. How often somebody
came is such a column as well, where ages stand in no order, as they do beside those who came most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from tre.disclosure.contents import Table
from tre.disclosure.detectors.counts import SEVERAL, filled, label, names_count, share
from tre.disclosure.detectors.curves import is_disordered
from tre.disclosure.detectors.groups import DECIMAL, one_way
from tre.disclosure.model import Hit
from tre.disclosure.statistics.shares import numbers_of

_NAMED = {
    "age": r"\bage\b(?! (band|group|class|category|range|standardi[sz]ed))|\byear of birth\b|\b(birth year|yob)\b",
    "sex": r"\b(sex|gender)\b",
    "ethnicity": r"\bethnic",
    "place": r"\b(area|district|post ?codes?|outcode|[lm]soa|oa|ward of residence|town|village|locality|lad|home)\b",
    "condition": r"\b(diagnos\w*|conditions?|diseases?|icd ?(9|10|11)?|snomed\w*|opcs\w*|procedures?|cause( of death)?|"
    r"drugs?|medications?|treatments?|allerg\w*|symptoms?|tumou?r|cancer|cohabitant|occupation|religion)\b",
    "course": r"\b(admi(tted|ssion date)|discharged?|died|dead|deceased|death|alive|survived|readmitted|outcome|los|"
    r"length of stay|status)\b",
}
_KINDS = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _NAMED.items()}
_SUMMED = re.compile(
    r"\b(mean|median|average|avg|rate|ratio|risk|odds|hr|or|rr|coef\w*|estimate|beta|share|percent\w*|pct|prop\w*|se|"
    r"sd|std\w*|ci|lower|upper|low|high|p( value)?|q[1-4]|iqr|weight|expected|predicted|score|per|incidence|prevalence|"
    r"mortality|survival|hazard|effect|adjusted|crude|standardi[sz]ed|auc|auroc|accuracy|loss)\b|%",
    re.IGNORECASE,
)
_SEXES = r"(?i)^(m|f|male|female|man|woman|men|women|other|x|u|indeterminate|unknown|not (known|stated)|[0-3]|9)$"
_AGE = r"^(1[0-2][0-9]|[0-9]{1,2})(\.[0-9]+)?$"
_YEAR = r"^(19|20)[0-9]{2}$"
_DAY = (
    r"^((19|20)[0-9]{2}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/. ]([0-9]{1,2}|[A-Za-z]{3,9})[-/. ](19|20)?[0-9]{2})"
    r"([T ].*)?$"
)
_PERSON = re.compile(
    r"(patient|person|subject|participant|individual|client|resident|respondent|pat|pid|ptid|subj)"
    r"( ?(id|no|nr|number|code|key|index))?",
    re.IGNORECASE,
)
_KINDS_OF_A_PERSON = 3
_FEWEST = 5  # people a table holds at least, so that one example of a row is none


def find_few_people(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for rows of people, too few for the rules that go by how many rows there are.

    Parameters
    ----------
    shape : mapping
        ``review_rows``, from which those rules look.
    """
    if _FEWEST <= table.rows < shape["review_rows"] and _tells_people(table):
        yield Hit("possible-records", "few-people", table.where, "", table.rows, "", 0.6)
    elif table.rows < shape["review_rows"] and len(table.names) > _FEWEST and _tells_people(_on_its_side(table)):
        yield Hit("possible-records", "turned", table.where, "", len(table.names) - 1, "", 0.6)


def _tells_people(table: Table) -> bool:
    """Tell whether each row is a person's: an age or a day, two more kinds of what is known of one, no figure."""
    names = [label(name) for name in table.names]
    often = [name for name in names if SEVERAL.fullmatch(name)]
    if any(_SUMMED.search(name) or (names_count(name) and name not in often) for name in names):
        return False
    kinds = {kind for name, column in zip(names, table.columns, strict=True) if (kind := _kind(name, column))}
    if often:
        ages = [column for name, column in zip(names, table.columns, strict=True) if _kind(name, column) == "age"]
        kinds = kinds | {"often"} if any(not one_way(column.to_pylist()) for column in ages) else set()
    return len(kinds) >= _KINDS_OF_A_PERSON and bool(kinds & {"age", "day"})


def _kind(name: str, column: pa.Array) -> str:
    """Return what a column tells of a person, or nothing."""
    if share(column, _DAY) >= 0.9:
        return "day"
    kind = next((each for each, pattern in _KINDS.items() if pattern.search(name)), "")
    if kind == "age":
        fits = share(column, _AGE) >= 0.9 or share(column, _YEAR) >= 0.9
        return kind if fits and pc.count_distinct(column).as_py() > 2 else ""
    if kind == "sex" or share(column, _SEXES) >= 0.99:
        return "sex" if share(column, _SEXES) >= 0.9 and share(column, r"[A-Za-z]") + (kind == "sex") > 0.5 else ""
    return kind if len(filled(column)) >= 0.5 * len(column) else ""


def _on_its_side(table: Table) -> Table:
    """Return a table whose first column holds names with its rows and columns changed about."""
    rows = [[column[n].as_py() for column in table.columns] for n in range(table.rows)]
    columns = tuple(pa.array(row[1:], pa.string()) for row in rows)
    return Table(table.where, tuple(row[0] for row in rows), columns)


def is_turned(table: Table) -> bool:
    """Tell whether each column is one person: some rows hold words that differ, others numbers, as no crosstab does."""
    rows = [[column[n].as_py() for column in table.columns[1:]] for n in range(min(table.rows, 60))]
    numeric = [sum(bool(DECIMAL.fullmatch(value.strip())) for value in row) >= 0.9 * len(row) for row in rows]
    words = [row for row, number in zip(rows, numeric, strict=True) if not number]
    return any(1 < len(set(row)) < len(row) for row in words) and (any(numeric) or len(words) > 2)


def find_by_person(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for a column that says that each row is of one patient, whether patients stand once or repeat."""
    if table.rows < shape["review_rows"] or len(table.names) < 2:
        return
    for name, column in zip(table.names, table.columns, strict=True):
        if _PERSON.fullmatch(label(name)) and pc.count_distinct(column).as_py() >= shape["id_rows"]:
            yield Hit("record-level", "by-person", table.where, f"column {name}", table.rows, "", 0.85)
            return


def find_one_column(table: Table, shape: Mapping[str, float]) -> Iterator[Hit]:
    """Yield a hit for many measured values in one column, in an order that says nothing, as people stand in."""
    if len(table.names) == 1 and table.rows >= shape["review_rows"] and is_disordered(numbers_of(table.columns[0])):
        yield Hit("possible-records", "one-column", table.where, f"column {table.names[0]}", table.rows, "", 0.5)
