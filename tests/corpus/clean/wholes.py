"""Harmless whole files of the kinds that carry people: schemas, requests for tables, districts on a map, profiles."""

from __future__ import annotations

import json
from random import Random

from tests.corpus.formats.notebooks import code, markdown, notebook
from tests.corpus.formats.pages import page
from tests.corpus.hosts import counts
from tests.corpus.model import Special, by_second
from tests.corpus.world import World


def _report(world: World, random: Random) -> bytes:
    groups = [
        {"code": band, "population": [{"code": "denominator", "count": random.randrange(2_000, 9_000)}]}
        for band in ("0-17", "18-64", "65-79", "80+")
    ]
    return json.dumps({"resourceType": "MeasureReport", "type": "summary", "group": groups}).encode()


def _requests(world: World, random: Random) -> bytes:
    rows = [
        {"ts": f"2026-06-01T09:00:{place:02d}Z", "path": "/table", "status": 200, "ms": random.randrange(20, 900)}
        for place in range(40)
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _schema(world: World, random: Random) -> bytes:
    return (
        f"-- version {random.randrange(2, 90)}\nCREATE TABLE public.person (\n"
        "    id bigint NOT NULL,\n    surname text,\n    born date,\n    postcode text\n);\n"
        "CREATE INDEX person_born ON public.person (born);\n"
    ).encode()


def _configuration(world: World, random: Random) -> bytes:
    steps = "".join(
        f"- id: {place}\n  step: {step}\n  minutes: {random.randrange(2, 90)}\n"
        for place, step in enumerate(("extract", "link", "derive", "model", "report"))
    )
    return steps.encode()


def _districts(world: World, random: Random) -> bytes:
    features = []
    for place in range(9):
        west, south = -2.4 + 0.1 * (place % 3), 52.7 + 0.1 * (place // 3)
        ring = [[west, south], [west + 0.1, south], [west + 0.1, south + 0.1], [west, south + 0.1], [west, south]]
        ring = [[round(east, 1), round(north, 1)] for east, north in ring]
        shape = {"type": "Polygon", "coordinates": [ring]}
        about = {"district": f"D{place}", "people": random.randrange(20_000, 90_000)}
        features.append({"type": "Feature", "geometry": shape, "properties": about})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _profile(world: World, random: Random) -> bytes:
    rows = "".join(
        f"<tr><td>{name}</td><td>{random.uniform(0, 5):.1f} %</td><td>{random.uniform(30, 90):.1f}</td></tr>"
        for name in ("age", "bmi", "stay")
    )
    return page(
        f"<h2>Variables of 41,233 rows</h2><table><tr><th>name</th><th>missing</th><th>mean</th></tr>{rows}</table>"
    )


def _failed(world: World, random: Random) -> bytes:
    said = f"could not convert column 'los' at position {random.randrange(3, 30)}: dtype object"
    traceback = ["\x1b[31m---------\x1b[39m", f"\x1b[31mTypeError\x1b[39m: {said}"]
    output = {"output_type": "error", "ename": "TypeError", "evalue": said, "traceback": traceback}
    return notebook(markdown("# Cleaning"), code("frame['los'].mean()", output))


def _script(world: World, random: Random) -> bytes:
    rows = ", ".join(str(held) for held in counts(random)["events"])
    return f'library(ggplot2)\nevents <- c({rows})\nbarplot(events, main = "Admissions")\n'.encode()


def _listing(world: World, random: Random) -> bytes:
    rows = (f"Table {place}|rates by practice|{random.randrange(2, 90)} KB\r" for place in range(1, 20))
    return "".join(rows).encode()


WHOLES = by_second(
    Special("json", "a FHIR measure's report by band", _report, variants=3),
    Special("ndjson", "requests without bodies", _requests, variants=3),
    Special("sql", "a schema's dump", _schema, fair="review", variants=3),
    Special("yaml", "steps of a run", _configuration, variants=3),
    Special("json", "districts as GeoJSON", _districts, variants=3),
    Special("html", "a profile without rows or extremes", _profile, variants=3),
    Special("ipynb", "a failed cell's error without a row", _failed, variants=3),
    Special("R", "a script with counts", _script, fair="review", variants=3),
    Special("txt", "a list of tables", _listing, variants=3),
)
