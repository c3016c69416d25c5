"""CSV, TSV, JSON and lines of JSON."""

from __future__ import annotations

import json
from random import Random

import pandas as pd

from tests.corpus.hosts import counts, paragraph
from tests.corpus.model import Carrier, TableCarrier


def _noted(text: str, random: Random) -> pd.DataFrame:
    table = counts(random)
    table["note"] = ""
    table.loc[random.randrange(len(table)), "note"] = text
    return table


def _csv_cell(text: str, random: Random) -> bytes:
    return _noted(text, random).to_csv(index=False).encode()


def _csv_latin(text: str, random: Random) -> bytes:
    table = _noted(text, random)
    table.loc[0, "note"] = "£ per head, café"
    table.loc[1, "note"] = text
    return table.to_csv(index=False, sep=";").encode("latin-1")


def _csv_header(text: str, random: Random) -> bytes:
    return counts(random).rename(columns={"events": text}).to_csv(index=False).encode()


def _csv_comment(text: str, random: Random) -> bytes:
    return f"# {text}\n{counts(random).to_csv(index=False)}".encode()


def _csv_after(text: str, random: Random) -> bytes:
    return f"{counts(random).to_csv(index=False)}\n{text}\n".encode()


def _tsv_cell(text: str, random: Random) -> bytes:
    return _noted(text, random).to_csv(index=False, sep="\t").encode()


def _summary(random: Random) -> dict[str, object]:
    return {
        "title": "Admissions",
        "n": random.randrange(9_000, 50_000),
        "auc": 0.78,
        "table": counts(random).to_dict("list"),
    }


def _json_value(text: str, random: Random) -> bytes:
    return json.dumps({**_summary(random), "comment": text}, indent=1).encode()


def _json_deep(text: str, random: Random) -> bytes:
    return json.dumps({"runs": [_summary(random), {"meta": {"history": [["start", "ok"], ["end", text]]}}]}).encode()


def _json_key(text: str, random: Random) -> bytes:
    return json.dumps({**_summary(random), "groups": {"all": 4120, text: 120}}, ensure_ascii=False).encode()


def _ndjson_value(text: str, random: Random) -> bytes:
    rows = [{"step": step, "loss": round(1 / (1 + step), 4), "message": paragraph(random)} for step in range(12)]
    rows[7]["message"] = text
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


CARRIERS = (
    Carrier("csv", "a cell of free text", _csv_cell, open=True, lines=True),
    Carrier("csv", "a cell in Latin-1 with semicolons", _csv_latin, ascii=True),
    Carrier("csv", "a column's name", _csv_header, limit=120),
    Carrier("csv", "a comment before the header", _csv_comment),
    Carrier("csv", "a line after the table", _csv_after),
    Carrier("tsv", "a cell of free text", _tsv_cell, open=True),
    Carrier("json", "a value", _json_value, open=True, lines=True),
    Carrier("json", "a value deep inside", _json_deep),
    Carrier("json", "a key", _json_key, limit=200),
    Carrier("ndjson", "a value", _ndjson_value, open=True),
)


def _csv(table: pd.DataFrame, random: Random) -> bytes:
    return table.to_csv(index=False).encode()


def _tsv(table: pd.DataFrame, random: Random) -> bytes:
    return table.to_csv(index=False, sep="\t").encode()


def _records(table: pd.DataFrame, random: Random) -> bytes:
    return (table.to_json(orient="records", date_format="iso") or "").encode()


def _split(table: pd.DataFrame, random: Random) -> bytes:
    return (table.to_json(orient="split", index=False, date_format="iso") or "").encode()


def _lines(table: pd.DataFrame, random: Random) -> bytes:
    return (table.to_json(orient="records", lines=True, date_format="iso") or "").encode()


TABLES = (
    TableCarrier("csv", "a table", _csv),
    TableCarrier("tsv", "a table", _tsv),
    TableCarrier("json", "a list of objects", _records),
    TableCarrier("json", "rows beside their columns' names", _split),
    TableCarrier("ndjson", "an object a line", _lines),
)
