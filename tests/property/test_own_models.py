"""Whatever bytes a researcher's own model is, they are a model that the policy lets be run, or are refused."""

from __future__ import annotations

import json
import string
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from ml.errors import LearningRefused
from ml.own import onnx_model, skops_schema
from ml.own.policy import models
from ml.own.schema import OwnSchema, encoded, texts
from ml.spec import Category, Numeric
from tests.own_hostile_skops import packed, unpacked
from tests.own_models import logistic

SCHEMA = skops_schema.SCHEMA
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(sorted(models().skops.built)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["__class__", "__module__", "__loader__", "content", "file", "type", "key_types", "args"]),
        inner, max_size=5,
    ),
    max_leaves=8,
)  # fmt: skip


@cache
def small() -> bytes:
    return bytes(skops.io.dumps(LogisticRegression().fit([[0.0], [1.0]], [0, 1])))


def spoilt(data: bytes, at: int, how: int, length: int) -> bytes:
    """Return bytes of which one was changed, some were taken away, or some are there twice."""
    place = at % len(data)
    if length == 1:
        return data[:place] + bytes([data[place] ^ (how or 1)]) + data[place + 1 :]
    return data[:place] + data[place + length :] if how % 2 else data[: place + length] + data[place:]


def is_refused_or_sound(reads: Any, *given: Any) -> None:
    with suppress(LearningRefused):
        reads(*given)


Spoil = st.tuples(st.integers(0, 2**20), st.integers(0, 255), st.integers(1, 40))


@given(Spoil)
@settings(deadline=None, max_examples=300)
def test_a_graph_that_was_spoilt_anywhere_is_refused_or_sound(spoil: tuple[int, int, int]) -> None:
    is_refused_or_sound(onnx_model.checked, spoilt(logistic().SerializeToString(), *spoil), models().onnx)


@given(st.binary(max_size=200))
@settings(deadline=None)
def test_bytes_are_no_model(data: bytes) -> None:
    is_refused_or_sound(onnx_model.checked, data, models().onnx)
    is_refused_or_sound(skops_schema.checked, data, models().skops)


@given(Spoil)
@settings(deadline=None, max_examples=300)
def test_an_archive_that_was_spoilt_anywhere_is_refused_or_sound(spoil: tuple[int, int, int]) -> None:
    is_refused_or_sound(skops_schema.checked, spoilt(small(), *spoil), models().skops)


@given(Spoil)
@settings(deadline=None, max_examples=200)
def test_an_array_that_was_spoilt_anywhere_is_refused_or_sound(spoil: tuple[int, int, int]) -> None:
    held = unpacked(small())
    name = next(each for each in held if each != SCHEMA)
    is_refused_or_sound(skops_schema.checked, packed({**held, name: spoilt(held[name], *spoil)}), models().skops)


@given(st.integers(0, 2**20), JSON)
@settings(deadline=None, max_examples=300)
def test_a_schema_of_which_any_part_is_another_is_refused_or_sound(at: int, other: Any) -> None:
    held = unpacked(small())
    told = json.loads(held[SCHEMA])
    places = list(_places(told))
    within, key = places[at % len(places)]
    within[key] = other
    is_refused_or_sound(skops_schema.checked, packed({**held, SCHEMA: json.dumps(told).encode()}), models().skops)


def _places(value: Any) -> Any:
    """Yield each place in JSON values that something stands in."""
    for key, each in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, key
        if isinstance(each, dict | list):
            yield from _places(each)


VALUES = st.lists(st.text(string.ascii_letters, min_size=1, max_size=5), min_size=1, max_size=5, unique=True)


@given(VALUES, st.lists(st.tuples(st.floats(allow_nan=True), st.text(max_size=5) | st.none()), min_size=1, max_size=20))
@settings(deadline=None)
def test_what_is_told_of_a_table_comes_back(values: list[str], rows: list[tuple[float, str | None]]) -> None:
    schema = OwnSchema("who", "what", (Numeric("x", 0, 1),), (Category("c", tuple(values)),))
    frame = pd.DataFrame({"x": [each for each, _ in rows], "c": pd.Series([told for _, told in rows], dtype=object)})
    held = encoded(frame, schema)
    assert np.array_equal(held[:, 0], frame["x"].to_numpy(), equal_nan=True)
    back = list(texts(held[:, 1], schema.categories[0]))
    assert back == [told if told in values else "" for _, told in rows]
    assert OwnSchema.from_json(json.loads(json.dumps(schema.to_json()))) == schema
