"""Whatever the landing zone shows of a pair, a call tells of its fields' agreement and bits alone."""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as some

from tre.api.told.linkage import PairTold
from tre.catalogue.models import DoubtfulPair
from tre.catalogue.weights import LABELS

# Nothing else of an answer holds the sign.
_VALUES = some.text("ABCabc019é' ", min_size=1, max_size=12).map(lambda text: f"•{text}•")
_BITS = some.none() | some.floats(-40, 40)
_FIELD = some.fixed_dictionaries({"one": _VALUES, "other": _VALUES, "bits": _BITS})


@given(some.dictionaries(some.sampled_from(sorted(LABELS)), _FIELD), _BITS, some.booleans())
def test_no_value_is_told_and_bits_are_rounded(fields, weight, kept):
    pair = DoubtfulPair(
        pair=uuid.uuid4(), probability=0.5, numbers="other", agreement=dict.fromkeys(LABELS, "close"), state="open"
    )
    told = PairTold.whole(pair, {"weight": weight, "fields": fields} if kept else {})
    assert "•" not in told.model_dump_json()
    assert told.bits.keys() == set(LABELS.values())
    numbers = [each for each in (told.weight, *told.bits.values()) if each is not None]
    assert all(round(each, 1) == each for each in numbers)
    assert kept or numbers == []
