"""What figures and widgets carry as bytes is read as the values it is."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.disclosing import judged, rules
from tre.disclosure.contents import Unreadable
from tre.disclosure.readers import packed_arrays

VALUES = np.array([Random(n).randint(18, 95) for n in range(60)])


def encoded(values: np.ndarray) -> str:
    return base64.b64encode(values.tobytes()).decode()


def notebook(model: dict[str, Any], data: dict[str, Any] | None = None) -> str:
    state = {"version_major": 2, "version_minor": 0, "state": {"a": {"model_name": "M", "state": {}, **model}}}
    outputs = [{"output_type": "display_data", "metadata": {}, "data": data or {}}]
    cells = [{"cell_type": "code", "metadata": {}, "execution_count": 1, "source": "x", "outputs": outputs}]
    widgets = {"application/vnd.jupyter.widget-state+json": state}
    return json.dumps({"cells": cells, "metadata": {"widgets": widgets}, "nbformat": 4, "nbformat_minor": 5})


def buffer(data: str, *path: str | int, encoding: str = "base64") -> list[dict[str, Any]]:
    return [{"encoding": encoding, "path": list(path), "data": data}]


def bokeh(**columns: object) -> dict[str, Any]:
    data = {"type": "map", "entries": [[name, column] for name, column in columns.items()]}
    source = {"type": "object", "name": "ColumnDataSource", "attributes": {"data": data}}
    return {"version": "3.4", "title": "Bokeh", "roots": [{"type": "object", "attributes": {"data_source": source}}]}


def packed(values: np.ndarray) -> dict[str, Any]:
    array = {"type": "bytes", "data": encoded(values)}
    return {"type": "ndarray", "array": array, "shape": [len(values)], "dtype": str(values.dtype), "order": "little"}


@pytest.mark.parametrize("kind", ["int32", "int64", "uint8", "float32", "float64"])
def test_an_array_in_a_widgets_buffer_is_a_figures(tmp_path: Path, kind: str) -> None:
    values = VALUES.astype(kind)
    state = {"y": {"dtype": kind, "shape": [60]}}
    held = {"state": state, "buffers": buffer(encoded(values), "y", "value")}
    assert "figure-rows" in rules(judged(tmp_path, notebook(held)))
    hexed = {"state": state, "buffers": buffer(values.tobytes().hex(), "y", encoding="hex")}
    assert "figure-rows" in rules(judged(tmp_path, notebook(hexed)))


def test_a_buffer_within_a_list_of_the_state_is_found(tmp_path: Path) -> None:
    held = {"state": {"_data": [{"x": {"dtype": "int32"}}]}, "buffers": buffer(encoded(VALUES.astype("int32")), "_data", 0, "x")}  # fmt: skip # noqa: E501
    assert "figure-rows" in rules(judged(tmp_path, notebook(held)))


@pytest.mark.parametrize("data", ["%%%", encoded(VALUES.astype("u1"))[:-4] + "AA=="])
def test_a_damaged_buffer_is_unreadable(tmp_path: Path, data: str) -> None:
    held = {"state": {"y": {"dtype": "int32"}}, "buffers": buffer(data, "y")}
    assert "unreadable" in rules(judged(tmp_path, notebook(held)))


def test_bytes_of_no_known_type_are_not_passed(tmp_path: Path) -> None:
    held = {"buffers": buffer(encoded(VALUES.astype("int32")), "y")}
    assert judged(tmp_path, notebook(held)).verdict == "block"


def test_a_widget_without_bytes_is_clean(tmp_path: Path) -> None:
    held = {"state": {"value": 10, "max": 10, "description": "done"}, "buffers": []}
    assert judged(tmp_path, notebook(held)).verdict == "pass"


@pytest.mark.parametrize("column", [VALUES.tolist(), packed(VALUES.astype("int32")), packed(VALUES)])
def test_a_document_of_bokehs_is_a_figure(tmp_path: Path, column: object) -> None:
    document = bokeh(x=column)
    assert "figure-rows" in rules(judged(tmp_path, json.dumps(document)))
    script = {"application/javascript": f"const docs_json = {json.dumps({'a': document})};"}
    assert {"figure-rows", "active-content"} <= rules(judged(tmp_path, notebook({}, script)))


def test_a_chart_of_a_few_bars_is_clean(tmp_path: Path) -> None:
    bars = bokeh(x=packed(np.arange(12.0)), top=packed(np.arange(110.0, 230.0, 10.0)))
    assert judged(tmp_path, json.dumps(bars)).verdict == "pass"


def test_columns_beside_a_packed_array_are_read(tmp_path: Path) -> None:
    rows = {"age": VALUES.tolist(), "sbp": (VALUES + 60).tolist()}
    for array in ({"dtype": "f8", "bdata": encoded(np.zeros(2))}, packed(np.zeros(2))):
        beside = {"x": {**array, **rows}}
        assert judged(tmp_path, json.dumps(beside)).verdict == "block"
    within = packed(np.zeros(2))
    within["array"] |= rows
    assert judged(tmp_path, json.dumps({"x": within})).verdict == "block"


def squeezed(data: bytes) -> dict[str, Any]:
    return {**packed(VALUES), "array": {"type": "bytes", "data": base64.b64encode(data).decode()}}


@pytest.mark.parametrize("behind", [VALUES.tobytes(), gzip.compress(VALUES.tobytes())], ids=["bytes", "a member"])
def test_what_stands_behind_a_packed_array_is_never_passed(tmp_path: Path, behind: bytes) -> None:
    data = gzip.compress(np.zeros(2).tobytes()) + behind
    assert "unreadable" in rules(judged(tmp_path, json.dumps(bokeh(x=squeezed(data)))))


def test_a_packed_array_is_read_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(np.zeros(500).tobytes() + VALUES.tobytes())
    monkeypatch.setattr(packed_arrays, "_MOST_BYTES", 4000)
    with pytest.raises(Unreadable, match="longer"):
        packed_arrays.unpack_array(squeezed(data))
