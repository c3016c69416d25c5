"""What a model's card tells of calibration and of groups of people, as words for a page. Pure.

The card is the researcher's file: whatever stands in it is shown as short text, and what has another form is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

_MOST_ROWS, _MOST_LETTERS = 60, 400
Row = tuple[str, str]


def told_of_groups(groups: object) -> tuple[Row, ...]:
    """Return a row for the calibration, for each group and for each kind's largest difference.

    Parameters
    ----------
    groups : object
        What stands under ``groups`` in a card: see :func:`ml.fairness.groups_of`.
    """
    return tuple(islice(_rows(_as_mapping(groups)), _MOST_ROWS))


def _rows(groups: Mapping[str, Any]) -> Iterator[Row]:
    steps = groups.get("calibration")
    told = [f"{_word(each['expected'])} expected, {_word(each['observed'])} came"
            for each in (steps if isinstance(steps, list) else ())
            if isinstance(each, Mapping) and {"expected", "observed"} <= each.keys()]  # fmt: skip
    if told:
        yield "Calibration", _cut("; ".join(told))
    apart, left_out = _as_mapping(groups.get("differences")), _as_mapping(groups.get("left_out"))
    for kind, members in _as_mapping(groups.get("groups")).items():
        for name, figures in _as_mapping(members).items():
            yield _cut(f"By {kind}: {name}"), _figures(figures)
        if _as_mapping(apart.get(kind)):
            yield _cut(f"By {kind}: largest difference"), _figures(apart[kind])
        if left_out.get(kind):
            yield _cut(f"By {kind}: too small to tell of"), _word(left_out[kind])


def _as_mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _figures(value: object) -> str:
    return _cut(", ".join(f"{name.replace('_', ' ')} {_word(told)}" for name, told in _as_mapping(value).items()))


def _word(value: object) -> str:
    return _cut(value if isinstance(value, str) else json.dumps(value))


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"
