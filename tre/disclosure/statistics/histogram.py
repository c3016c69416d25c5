"""Histograms whose bins all hold enough people and whose ends tell nobody's value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from tre.disclosure.model import DisclosureError
from tre.disclosure.policy import load_policy
from tre.disclosure.profile import Profile
from tre.disclosure.statistics import in_pandas, in_spark
from tre.disclosure.statistics.counting import checked
from tre.disclosure.statistics.question import Question, is_spark, person_of
from tre.disclosure.statistics.tables import SUPPRESSED, SafeTable

_BULK = (0.01, 0.99)  # what the limits of bins are laid over; they are round numbers, not these percentiles
_NICE = (1.0, 2.0, 2.5, 5.0, 10.0)


def safe_histogram(
    frame: Any,
    values: str,
    bins: int | Sequence[float] = 10,
    profile: str = "acro",
    *,
    person: str | None = None,
    tighten: Mapping[str, Any] | None = None,
) -> SafeTable:
    """Return how many people have a value in each bin: columns ``from``, ``to`` and ``count``.

    The outermost bins are open, so that neither the least nor the largest value is told, limits are round numbers, and
    a bin of fewer people than the threshold is joined with the next (SDC Handbook, Welpton 2019, histograms).

    Parameters
    ----------
    bins : int or sequence of float
        About how many bins, or the limits between them.
    tighten : mapping, optional
        Figures of the profile to make stricter.

    Raises
    ------
    DisclosureError
        A column is not there or not one of numbers, or there are no limits to count between.
    """
    rules = load_policy().profile(profile).tightened(tighten or {})
    question = Question(("_bin",), (), values, person_of(list(map(str, frame.columns)), person))
    checked(frame, Question((values,), (), values, question.person))
    backend = in_spark if is_spark(frame) else in_pandas
    edges = _round_limits(backend, frame, question, bins) if isinstance(bins, int) else sorted(set(map(float, bins)))
    if not edges or not np.all(np.isfinite(edges)):
        raise DisclosureError("A histogram needs limits between its bins", where="bins")
    told = backend.count_groups(backend.binned(frame, values, edges), question)
    told = told[told["_bin"].notna()]
    people, records = np.zeros(len(edges) + 1, np.int64), np.zeros(len(edges) + 1, np.int64)
    places = told["_bin"].to_numpy(np.int64)
    people[places], records[places] = told["people"].to_numpy(np.int64), told["records"].to_numpy(np.int64)
    return _joined(np.array([-np.inf, *edges, np.inf]), people, records, rules, profile)


def _round_limits(backend: Any, frame: Any, question: Question, bins: int) -> list[float]:
    """Return limits in round steps over the bulk of the values."""
    whole = Question((), (), question.values, question.person)
    told = backend.quantiles(frame, whole, _BULK)
    low, high = (float(told[name].iloc[0]) if len(told) else np.nan for name in ("q0", "q1"))
    if not high > low or bins < 1:
        raise DisclosureError("A histogram needs values that differ", where="values")
    raw = (high - low) / bins
    size = 10.0 ** np.floor(np.log10(raw))
    step = size * next(each for each in _NICE if each * size >= raw * (1 - 1e-9))
    first = np.ceil(low / step)
    return [float(step * n) for n in np.arange(first, np.floor(high / step) + 1)] or [float(step * first)]


def _joined(limits: np.ndarray, people: np.ndarray, records: np.ndarray, rules: Profile, profile: str) -> SafeTable:
    """Return the bins with those of too few people joined to a neighbour, the counts rounded as the profile asks."""
    starts = [0]
    held = 0
    for n, each in enumerate(people):
        if held >= rules.threshold and people[n:].sum() >= rules.threshold:
            starts.append(n)
            held = 0
        held += each
    parts = list(zip(starts, [*starts[1:], len(people)], strict=True))
    counts = np.array([records[a:b].sum() for a, b in parts])
    small = np.array([people[a:b].sum() < rules.threshold for a, b in parts])
    frame = pd.DataFrame({
        "from": [limits[a] for a, _ in parts], "to": [limits[b] for _, b in parts], "count": rules.rounded(counts),
    }).astype({"count": np.int64}).astype(object)  # fmt: skip
    frame.loc[small, "count"] = SUPPRESSED
    outcome = pd.DataFrame({"count": np.where(small, "threshold", "ok")})
    return SafeTable(frame, outcome, profile, "histogram")
