"""Make a table of groups that is safe to show, of a pandas or a Spark DataFrame.

The rules are in :mod:`~tre.disclosure.statistics.rules`, the cells that are hidden beside the unsafe ones are found in
:mod:`~tre.disclosure.statistics.suppression`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, get_args

import numpy as np
import pandas as pd

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import Profile
from tre.disclosure.statistics.contributors import Contributors
from tre.disclosure.statistics.counting import checked, count
from tre.disclosure.statistics.lattice import Lattice, Side
from tre.disclosure.statistics.protection import protect, whole_classes
from tre.disclosure.statistics.question import Question, listed, person_of
from tre.disclosure.statistics.rules import REVIEW, UNSAFE, Aggregate, Judgement, judge

SUPPRESSED = "[c]"  # GSS guidance: the mark for a confidential value


@dataclass(frozen=True)
class SafeTable:
    """A table with its unsafe cells suppressed.

    Parameters
    ----------
    frame : pd.DataFrame
        Groups of `rows` down, groups of `columns` across, suppressed cells marked ``[c]``.
    outcome : pd.DataFrame
        For each cell of `frame` the rule that it is suppressed by (see
        :data:`~tre.disclosure.statistics.rules.UNSAFE`), ``complementary`` where it is safe by itself, or ``ok``.
    profile, aggfunc : str
        The rules and the aggregate that it was made with.
    people : pd.DataFrame
        The number of people behind each cell, suppressed and rounded as the cells are.
    review : tuple of str
        What a person should look at, a sentence each.
    """

    frame: pd.DataFrame
    outcome: pd.DataFrame
    profile: str
    aggfunc: str
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    review: tuple[str, ...] = ()

    @property
    def suppressed(self) -> int:
        """The number of suppressed cells."""
        return int((self.outcome != "ok").to_numpy().sum())

    def to_csv(self, path: str) -> None:
        """Write the table as CSV, the number of people beside each sum or mean."""
        shown = self.frame
        if self.aggfunc not in ("count", "people"):
            counts = self.people.rename(
                columns=lambda name: f"{name} n", level=-1 if shown.columns.nlevels > 1 else None
            )
            shown = pd.concat([shown, counts], axis=1)
        flat = shown.reset_index()
        flat.columns = [" ".join(map(str, each)) if isinstance(each, tuple) else str(each) for each in flat.columns]
        flat.to_csv(path, index=False)


def safe_table(
    frame: Any,
    rows: str | Sequence[str],
    columns: str | Sequence[str] | None = None,
    values: str | None = None,
    aggfunc: str = "count",
    profile: str = "acro",
    *,
    margins: bool = False,
    person: str | None = None,
    weights: str | None = None,
    tighten: Mapping[str, Any] | None = None,
) -> SafeTable:
    """Return a table of counts, sums, means or standard deviations of groups, with unsafe cells suppressed.

    Parameters
    ----------
    frame : pandas or Spark DataFrame
        One row for each person or event, shape (n, k). Spark counts by itself; only groups leave it.
    rows, columns
        The columns that make the groups, down and across. Where each value of one lies in one of another (ward in
        district) they are a hierarchy.
    values : str, optional
        The column that is summed or averaged; not needed for counts.
    aggfunc : {"count", "people", "sum", "mean", "std"}
        A count is of rows, missing values of `values` left out; ``people`` counts each person once in each cell.
    profile : str
        A profile of ``policies/disclosure.yaml``.
    margins : bool
        Show the totals of rows and columns too. Whether they are shown or not, nobody who knows the totals can work a
        suppressed cell out.
    person : str, optional
        The column that tells people apart, so that a person with many rows counts once; by default ``pseudonym``,
        where the frame has it.
    weights : str, optional
        The column that a count adds up instead of counting rows; it is judged by the rows.
    tighten : mapping, optional
        Figures of the profile to make stricter.

    Raises
    ------
    DisclosureError
        A column is not there, the aggregate is not known or not one of numbers, the profile forbids naming the groups,
        or the table is too large to be protected.
    """
    rules = load_policy().profile(profile).tightened(tighten or {})
    aggregate, question = _asked(frame, rows, columns, values, aggfunc, rules, person, weights)
    lattice, cells = count(frame, question)
    judged = judge(cells, aggregate, rules)
    if rules.check_classes:
        judged = replace(judged, unsafe={**judged.unsafe, "class-disclosure": whole_classes(lattice, cells)})
    inner = lattice.inner()
    rounds = rules.small != "suppress" and aggregate in ("count", "people") and weights is None
    shown = np.ones(len(inner), dtype=bool) if margins else inner
    if rounds:  # rounding protects what is small; what a few people dominate is hidden nevertheless
        hidden = judged.primary & ~judged.unsafe["threshold"]
    else:
        hidden = protect(lattice, cells, judged, aggregate, rules, shown=shown)
    outcome = _outcome(judged, hidden, cells, rules, rounds=rounds)
    told = _shown(cells, aggregate, rules, rounds=rounds)
    people = rules.rounded(cells.people).astype(np.int64)
    name = aggfunc if not question.across else None
    spread = [
        _spread(lattice, each, name, margins=margins)
        for each in (_masked(told, hidden), outcome, _masked(people, hidden))
    ]
    return SafeTable(spread[0], spread[1], profile, aggfunc, spread[2], _notes(lattice, judged, hidden, shown))


def _asked(
    frame: Any, rows: Any, columns: Any, values: str | None, aggfunc: str, rules: Profile, person: str | None,
    weights: str | None,
) -> tuple[Aggregate, Question]:  # fmt: skip
    """Return the aggregate and the question, when they can be answered and the profile lets them be."""
    aggregate = next((each for each in get_args(Aggregate) if each == aggfunc), None)
    held = [str(name) for name in frame.columns]
    person = person_of(held, person)
    needs = values is None and aggfunc not in ("count", "people")
    if aggregate is None or needs or (weights and aggfunc != "count"):
        raise DisclosureError(
            f"No safe table can be made of '{aggfunc}'",
            todo="Use count or people, or sum, mean or std with a column of values",
        )
    if aggregate == "people" and person is None:
        raise DisclosureError("Nothing tells people apart", where="person", todo="Name the column that does")
    question = Question.under(rules, listed(rows), listed(columns), weights or values, person)
    checked(frame, question)
    named = [name for name in question.groups if rules.forbids_name(name)]
    if named:
        raise DisclosureError(
            "The profile does not let these be told one by one", where=", ".join(named), todo="Group them into regions"
        )
    return aggregate, question


def _outcome(judged: Judgement, hidden: np.ndarray, cells: Contributors, rules: Profile, *, rounds: bool) -> np.ndarray:
    """Return the word for each cell; object, shape (n,)."""
    found = np.full(len(hidden), "ok", dtype=object)
    found[hidden] = "complementary"
    for rule in reversed(UNSAFE):
        found[judged.unsafe[rule]] = rule
    if rounds:
        found[judged.unsafe["threshold"]] = np.where(rules.small == "zero", "threshold", "ok")
    return found


def _shown(cells: Contributors, aggregate: Aggregate, rules: Profile, *, rounds: bool) -> np.ndarray:
    """Return the aggregate of each cell before anything is hidden, shape (n,)."""
    n = np.where(cells.records > 0, cells.records, np.nan)
    if aggregate in ("count", "people"):
        counts = cells.people if aggregate == "people" else cells.records
        weighted = aggregate == "count" and bool((cells.total != cells.records).any())
        if rounds:
            # a count of many records of few people is as small as the people are few
            least = np.where(cells.people < rules.threshold, np.minimum(counts, cells.people), counts)
            return rules.rounded(least).astype(np.int64)
        return cells.total if weighted else counts
    if aggregate == "sum":
        return cells.total
    mean = cells.total / n
    if aggregate == "mean":
        return mean
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt(np.maximum(cells.squares - n * mean**2, 0.0) / (n - 1))


def _masked(values: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    shown = np.asarray(values).astype(object)
    shown[hidden] = SUPPRESSED
    return shown


def _spread(lattice: Lattice, values: np.ndarray, name: str | None, *, margins: bool) -> pd.DataFrame:
    """Return a value for each cell as a table."""
    rows, columns = lattice.rows, lattice.columns
    down, across = lattice.shape if margins else (rows.groups, columns.groups)
    grid = values.reshape(lattice.shape)[:down, :across]
    heads = pd.Index([name]) if name else _index(columns, across)
    return pd.DataFrame(grid, index=_index(rows, down), columns=heads)


def _index(side: Side, size: int) -> pd.Index:
    nodes = list(side.nodes[:size])
    if len(side.names) == 1:
        return pd.Index([node[0] for node in nodes], name=side.names[0])
    return pd.MultiIndex.from_tuples(nodes, names=side.names)


def _notes(lattice: Lattice, judged: Judgement, hidden: np.ndarray, shown: np.ndarray) -> tuple[str, ...]:
    words = {
        "negative": "{} cells hold negative values, for which dominance is not defined.",
        "missing": "{} cells leave out rows whose value is missing.",
    }
    counts = {name: int((judged.review[name] & shown & ~hidden).sum()) for name in REVIEW}
    notes = [words[name].format(n) for name, n in counts.items() if n]
    withheld = int((hidden & ~shown).sum())
    if withheld:
        notes.append(f"{withheld} totals that this table does not show may be shown nowhere else either.")
    return tuple(notes)
