"""Boosted trees: XGBoost's models in JSON and UBJSON, LightGBM's in text."""

from __future__ import annotations

import json
import re
from typing import Any

from tre.disclosure.contents import Contents, Series, Unreadable
from tre.disclosure.model import Hit
from tre.disclosure.policy import Policy
from tre.disclosure.readers.ubjson import decode_ubjson
from tre.disclosure.readers.web import keep_json, loaded, text_of, walk

_LINE = re.compile(r"^([A-Za-z_]+)=(.*)$", re.MULTILINE)
_MOST_DIFFERENT = 2  # numbers in one line from which it is a series


def read_xgboost(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a model in JSON as any JSON is read, and leave its weights to a checker."""
    del policy
    text = text_of(data)
    _keep_model(loaded(text), text, where, contents)
    contents.hits.append(Hit("model-weights", "xgboost", where))


def read_ubjson(data: bytes, where: str, contents: Contents, policy: Policy) -> None:
    """Read a model in UBJSON as the JSON that it stands for."""
    value, end = decode_ubjson(data, policy.limits["nodes"])
    if data[end:]:
        raise Unreadable("there are bytes after the end of the model", rule="appended-bytes")
    text = json.dumps(value, ensure_ascii=False)
    _keep_model(value, text, where, contents)
    contents.hits.append(Hit("model-weights", "xgboost", where))


def _keep_model(value: Any, text: str, where: str, contents: Contents) -> None:
    """Keep a model as JSON, but its trees apart: their nodes are no rows of people, each array is a series."""
    booster = value["learner"].get("gradient_booster", {}) if isinstance(value.get("learner"), dict) else {}
    inner = booster.get("gbtree", booster) if isinstance(booster, dict) else {}
    model = inner.get("model") if isinstance(inner, dict) else None
    trees = model.pop("trees", []) if isinstance(model, dict) else []
    keep_json(value, text, where, contents)
    for tree in trees if isinstance(trees, list) else [trees]:
        for name, each in tree.items() if isinstance(tree, dict) else [("tree", tree)]:
            walk(each, where, contents, in_figure=False, name=str(name))


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
