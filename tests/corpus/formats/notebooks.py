"""Jupyter notebooks: sources, outputs, metadata, attachments and widgets."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random
from typing import Any

import pandas as pd

from tests.corpus.formats.raster import png
from tests.corpus.hosts import counts, paragraph
from tests.corpus.model import Carrier, Fair, TableCarrier

Cell = dict[str, Any]


def code(source: str, *outputs: Cell, **metadata: object) -> Cell:
    """Return a code cell."""
    return {
        "cell_type": "code", "id": f"c{len(source) % 997}", "execution_count": 1, "metadata": metadata,
        "source": source, "outputs": list(outputs),
    }  # fmt: skip


def markdown(source: str, **more: object) -> Cell:
    """Return a Markdown cell."""
    return {"cell_type": "markdown", "id": f"m{len(source) % 997}", "metadata": {}, "source": source, **more}


def result(data: dict[str, Any], **metadata: object) -> Cell:
    """Return a cell's result in the media types given."""
    return {"output_type": "execute_result", "execution_count": 1, "data": data, "metadata": metadata}


def printed(text: str, name: str = "stdout") -> Cell:
    """Return what a cell printed."""
    return {"output_type": "stream", "name": name, "text": text.splitlines(keepends=True)}


def framed(table: pd.DataFrame) -> Cell:
    """Return a table as pandas shows it."""
    return result({"text/html": table.to_html(), "text/plain": str(table)})


def notebook(*cells: Cell, **metadata: object) -> bytes:
    """Return a notebook of version 4.5."""
    about = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}, **metadata}
    numbered = [{**cell, "id": f"{cell['id']}-{place}"} for place, cell in enumerate(cells)]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": about, "cells": numbered}, indent=1).encode()


def _ordinary(random: Random) -> list[Cell]:
    table = counts(random)
    return [
        markdown(f"# Analysis\n\n{paragraph(random)}"),
        code("table = tre.safe_table(cohort)\ntable", framed(table)),
    ]


def _cell(place: str, make: Callable[[str], Cell], fair: Fair | None = "pass", *, shown: bool = False) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        return notebook(*_ordinary(random), make(text))

    return Carrier("ipynb", place, write, fair=fair, open=shown, lines=shown)


def _source(text: str) -> Cell:
    return code(
        "\n".join(f"# {line}" for line in text.split("\n")) + "\ncohort.count()", result({"text/plain": "41233"})
    )


def _error(text: str) -> Cell:
    trace = ["\x1b[0;31mKeyError\x1b[0m: Traceback (most recent call last)", f"----> 1 cohort[{text!r}]"]
    return code("cohort[key]", {"output_type": "error", "ename": "KeyError", "evalue": text, "traceback": trace})


def _html(text: str) -> Cell:
    return code("show()", result({"text/html": f"<p>{text}</p>", "text/plain": "<HTML>"}))


def _json(text: str) -> Cell:
    return code(
        "info()", result({"application/json": {"status": "ok", "detail": {"last": text}}, "text/plain": "<JSON>"})
    )


def _attachment(text: str) -> Cell:
    data = base64.b64encode(f"note: {text}\n".encode()).decode()
    return markdown("See ![notes](attachment:n.txt)", attachments={"n.txt": {"text/plain": data}})


def _picture(text: str) -> Cell:
    data = base64.b64encode(png(Random(0), comment=text)).decode()
    return code("plot()", {"output_type": "display_data", "data": {"image/png": data}, "metadata": {}})


def _metadata(text: str, random: Random) -> bytes:
    return notebook(*_ordinary(random), papermill={"parameters": {"who": text}})


def _widgets(text: str, random: Random) -> bytes:
    model = {"model_name": "HTMLModel", "model_module": "@jupyter-widgets/controls", "state": {"value": text}}
    kept = {
        "application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {"a1": model}}
    }
    return notebook(*_ordinary(random), widgets=kept)


CARRIERS = (
    _cell("a code comment", _source, shown=True),
    _cell("Markdown", lambda text: markdown(f"## Note\n\n{text}"), shown=True),
    _cell("printed output", lambda text: code("print(x)", printed(f"{text}\n")), shown=True),
    _cell("printed to stderr", lambda text: code("run()", printed(f"warning: {text}\n", "stderr"))),
    _cell("a text result", lambda text: code("x", result({"text/plain": repr(text)}))),
    _cell("an HTML result", _html),
    _cell("a JSON result", _json),
    _cell("an error's traceback", _error),
    _cell("a raw cell", lambda text: {**markdown(text), "cell_type": "raw"}),
    _cell("a cell's metadata", lambda text: code("1", tags=["keep"], note=text), None),
    _cell("an output's metadata", lambda text: code("1", result({"text/plain": "1"}, note=text)), None),
    _cell("a hidden cell's source", lambda text: code(f"note = {text!r}", jupyter={"source_hidden": True}), None),
    _cell("an attachment", _attachment, "review"),
    _cell("a picture's metadata", _picture, "review"),
    Carrier("ipynb", "the notebook's metadata", _metadata, fair=None),
    Carrier("ipynb", "a widget's state", _widgets, fair="review"),
)


def _table(table: pd.DataFrame, random: Random) -> bytes:
    return notebook(markdown("# Results"), code("table", framed(table)))


def _printed_table(table: pd.DataFrame, random: Random) -> bytes:
    return notebook(markdown("# Results"), code("print(table)", printed(table.to_string() + "\n")))


TABLES = (
    TableCarrier("ipynb", "a frame as HTML", _table, limit=60),
    TableCarrier("ipynb", "a printed frame", _printed_table, limit=12),
)
