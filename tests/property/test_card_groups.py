"""A card is anybody's JSON: what of it is told of groups has a bounded form, whatever stands there."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from tre.airlock.card_groups import told_of_groups

_JSON = some.recursive(
    some.none() | some.booleans() | some.floats(allow_nan=False) | some.text(max_size=9),
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(some.text(max_size=9), inner, max_size=4),
)
_STEPS = some.lists(_JSON | some.fixed_dictionaries({"expected": _JSON, "observed": _JSON}), max_size=4)
_KINDS = some.dictionaries(some.sampled_from(["sex", "age"]), some.dictionaries(some.text(max_size=9), _JSON) | _JSON)
_LIKELY = some.fixed_dictionaries(
    {}, optional={"calibration": _STEPS | _JSON, "groups": _KINDS | _JSON, "differences": _KINDS, "left_out": _JSON}
)


@given(_JSON | _LIKELY)
def test_whatever_stands_there_is_rows_of_short_text(card):
    rows = told_of_groups(card)
    assert len(rows) <= 60
    assert all(isinstance(each, str) and len(each) <= 401 for row in rows for each in row)


def test_what_a_training_writes_is_told_whole():
    figures = {"persons": 120.0, "auroc": 0.81, "found_wrongly": 0.1}
    told = told_of_groups({
        "threshold": 0.5, "calibration": [{"expected": 0.1, "observed": 0.12}, {"expected": 0.3, "observed": 0.29}],
        "groups": {"sex": {"1": figures}}, "differences": {"sex": {"auroc": 0.02}}, "left_out": {"sex": 1},
    })  # fmt: skip
    assert told == (
        ("Calibration", "0.1 expected, 0.12 came; 0.3 expected, 0.29 came"),
        ("By sex: 1", "persons 120.0, auroc 0.81, found wrongly 0.1"),
        ("By sex: largest difference", "auroc 0.02"),
        ("By sex: too small to tell of", "1"),
    )
    assert told_of_groups({}) == told_of_groups(None) == ()
    assert len(told_of_groups({"groups": {"area": {str(n): figures for n in range(200)}}})) == 60
