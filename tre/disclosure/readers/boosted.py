"""Boosted trees: XGBoost's models in JSON and UBJSON, LightGBM's in text."""

from __future__ import annotations

import json
import re

from tre.disclosure.contents import Contents, Series, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.ubjson import decode_ubjson
from tre.disclosure.readers.web import keep_json, loaded, text_of

_LINE = re.compile(r"^([A-Za-z_]+)=(.*)$", re.MULTILINE)
_MOST_DIFFERENT = 2  # numbers in one line from which it is a series


def read_xgboost(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a model in JSON as any JSON is read, and leave its weights to a checker."""
    del policy
    text = text_of(data)
    keep_json(loaded(text), text, where, contents)
    contents.hits.append(Hit("model-weights", "xgboost", where))


def read_ubjson(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a model in UBJSON as the JSON that it stands for."""
    value, end = decode_ubjson(data, policy.limits["nodes"])
    if data[end:]:
        raise Unreadable("there are bytes after the end of the model", rule="appended-bytes")
    text = json.dumps(value, ensure_ascii=False)
    keep_json(value, text, where, contents)
    contents.hits.append(Hit("model-weights", "xgboost", where))


def read_lightgbm(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a model's text, and each line of numbers (leaf counts, thresholds, values) as a series."""
    del policy
    text = text_of(data)
    if "end of trees" not in text:
        raise Unreadable("the model is cut short")
    contents.texts.append((where, text))
    for name, values in _LINE.findall(text):
        parts = tuple(values.split())
        if len(parts) > _MOST_DIFFERENT:
            contents.series.append(Series(where, name, parts, False))
    contents.hits.append(Hit("model-weights", "lightgbm", where))
