"""Text, logs, code, SQL, Markdown, YAML, JSON, notebooks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Plant = Mapping[str, str]
TABLE = "age_band,sex,count\n20-29,F,120\n20-29,M,110\n30-39,F,90\n30-39,M,95\n"


def csv(plant: Plant) -> bytes:
    return f"age_band,sex,count{plant.get('heading', '')}\n20-29,F,120\n{plant.get('cell', '30-39')},M,110\n".encode()


def utf16(plant: Plant) -> bytes:
    return f"Results\n{plant.get('text', 'nothing')}\n".encode("utf-16")


def utf32(plant: Plant) -> bytes:
    return f"Results\n{plant.get('text', 'nothing')}\n".encode("utf-32")


def log(plant: Plant) -> bytes:
    return f"2026-01-12T10:00:00Z INFO read 3 tables\n2026-01-12T10:00:01Z INFO {plant.get('line', 'done')}\n".encode()


def source(plant: Plant) -> bytes:
    lines = ["import tre", f"# {plant.get('comment', 'counts')}", f"TITLE = {plant.get('string', 'counts')!r}"]
    return ("\n".join(lines) + "\n").encode()


def sql(plant: Plant) -> bytes:
    return (f"-- {plant.get('comment', 'counts')}\nSELECT count(*) FROM t WHERE area = '{plant.get('string', 'E1')}'"
            f";\nINSERT INTO t VALUES (1, '{plant.get('value', 'x')}');\n").encode()  # fmt: skip


def markdown(plant: Plant) -> bytes:
    return (f"# Results\n\n{plant.get('text', 'Counts of people.')}\n\n<!-- {plant.get('comment', 'end')} -->\n"
            f"[a](https://example.org/?q={plant.get('link', 'x').replace(' ', '+')})\n").encode()  # fmt: skip


def yaml(plant: Plant) -> bytes:
    return (f"# {plant.get('comment', 'settings')}\nmodel:\n  name: {plant.get('value', 'logistic')}\n"
            f"  \"{plant.get('key', 'penalty')}\": 0.1\n  note: \"{_escaped(plant.get('escaped', 'plain'))}\"\n"
            f"  text: >\n    {plant.get('folded', 'of two lines').replace(' ', chr(10) + '    ')}\n").encode()  # fmt: skip


def _escaped(text: str) -> str:
    return "".join(f"\\u{ord(mark):04x}" for mark in text)


def json_(plant: Plant) -> bytes:
    value = {"title": plant.get("value", "Counts"), plant.get("key", "count"): 120, "list": [plant.get("item", "a")]}
    return json.dumps(value)[:-1].encode() + f', "escaped": "{_escaped(plant.get("escaped", "x"))}"}}'.encode()


def ndjson(plant: Plant) -> bytes:
    return "\n".join(json.dumps({"band": plant.get("value", "a"), "n": n}) for n in (120, 130)).encode()


def notebook(plant: Plant) -> bytes:
    import base64

    from tests.planted.pdfs import pdf
    from tests.planted.pictures import png

    said = plant.get
    model: dict[str, Any] = {"model_name": "HTMLModel", "state": {"value": said("widget", "<b>done</b>")}}
    if "widget's buffer" in plant:
        data = base64.b64encode(plant["widget's buffer"].encode()).decode()
        model["buffers"] = [{"encoding": "base64", "path": ["file"], "data": data}]
    widget = {"state": {"a": model}}
    outputs = [
        {"output_type": "stream", "name": "stdout", "text": [said("stream", "done\n")]},
        {"output_type": "error", "ename": "E", "evalue": said("error", "x"), "traceback": [said("traceback", "x")]},
        {"output_type": "display_data", "metadata": {"note": said("output metadata", "x")},
         "data": {"text/html": [f"<table><tr><td title='{said('html attribute', 'x')}'>{said('html', 'x')}</td></tr></table>"],
                  "text/plain": said("plain", "x"),
                  "application/vnd.vegalite.v5+json": {"$schema": "v", "data": {"values": [{"a": said("vega", "x")}]}},
                  "image/png": base64.b64encode(png({"text chunk": said("picture", "x")})).decode()}},
    ]  # fmt: skip
    if "document" in plant:
        outputs[2]["data"]["application/pdf"] = base64.b64encode(pdf({"title": plant["document"]})).decode()
    if "kind" in plant:
        outputs[2]["data"][plant["kind"]] = "x"
    cells = [
        {"cell_type": "code", "source": said("source", "run()"), "metadata": {"tags": [said("cell metadata", "x")]},
         "outputs": outputs, "execution_count": 1},
        {"cell_type": "markdown", "source": "![](attachment:a.txt)", "metadata": {},
         "attachments": {said("attachment name", "a.txt"): {"text/plain": said("attachment", "x")}}},
    ]  # fmt: skip
    book = {
        "metadata": {"title": said("metadata", "x"), "widgets": {"application/vnd.jupyter.widget-state+json": widget}}
    }
    return json.dumps({**book, "cells": cells, "nbformat": 4, "nbformat_minor": 5}).encode()


KINDS = {
    "csv": (csv, ("heading", "cell"), ()),
    "utf-16 text": (utf16, ("text",), ()),
    "utf-32 text": (utf32, ("text",), ()),
    "log": (log, ("line",), ()),
    "source code": (source, ("comment", "string"), ()),
    "sql": (sql, ("comment", "string", "value"), ()),
    "markdown": (markdown, ("text", "comment"), ()),
    "yaml": (yaml, ("comment", "value", "key", "escaped", "folded"), ()),
    "json": (json_, ("value", "key", "item", "escaped"), ()),
    "ndjson": (ndjson, ("value",), ()),
    "notebook": (
        notebook,
        ("stream", "error", "traceback", "output metadata", "html", "html attribute", "plain", "vega", "picture", "source",
         "cell metadata", "attachment", "attachment name", "metadata", "widget", "widget's buffer", "document", "kind"),
        ("picture",),
    ),
}  # fmt: skip
