"""Whole files that carry people as programs write them: bundles, dumps, fixtures, maps, profiles, logs of requests."""

from __future__ import annotations

import json
from random import Random

from spark_jobs.synthetic_people import AS_OF
from tests.corpus.families import PERSON, RECORDS, STATISTICS
from tests.corpus.formats.drawing import drawing
from tests.corpus.formats.notebooks import code, markdown, notebook
from tests.corpus.formats.pages import page
from tests.corpus.model import Special, by_second
from tests.corpus.techniques.births_and_homes import home
from tests.corpus.world import World

_ANY = PERSON | RECORDS


def _bundle(world: World, random: Random) -> bytes:
    entries = [
        {
            "resource": {
                "resourceType": "Patient",
                "name": [{"family": who.surname, "given": [who.forename]}],
                "birthDate": str(who.birth),
                "address": [{"postalCode": who.postcode}],
            }
        }
        for who in world.persons(random, 25)
    ]
    return json.dumps({"resourceType": "Bundle", "type": "searchset", "entry": entries}).encode()


def _requests(world: World, random: Random) -> bytes:
    rows = [
        {"ts": f"2026-06-01T09:00:{place:02d}Z", "path": "/score", "body": {"nhs": who.nhs_number, "sex": who.sex}}
        for place, who in enumerate(world.persons(random, 40))
    ]
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _copy(world: World, random: Random) -> bytes:
    """Return what pg_dump writes of a table."""
    rows = (f"{who.number}\t{who.surname}\t{who.birth}\t{who.postcode}" for who in world.persons(random, 30))
    return "\n".join(["COPY public.person (id, surname, born, postcode) FROM stdin;", *rows, "\\.\n"]).encode()


def _fixture(world: World, random: Random) -> bytes:
    rows = (
        f"- id: {place}\n  surname: {who.surname}\n  born: {who.birth}\n  sex: {who.sex}\n"
        for place, who in enumerate(world.persons(random, 20))
    )
    return "".join(rows).encode()


def _homes(world: World, random: Random) -> bytes:
    """Return a map's points, one for each patient's home."""
    points = []
    for who in world.persons(random, 150):
        north, east = home(who)
        point = {"type": "Point", "coordinates": [round(east, 5), round(north, 5)]}
        points.append({"type": "Feature", "geometry": point, "properties": {"age": int(who.age(AS_OF))}})
    return json.dumps({"type": "FeatureCollection", "features": points}).encode()


def _dots(world: World, random: Random) -> bytes:
    """Return a drawn map with a dot for each patient's home."""
    dots = []
    for who in world.persons(random, 200):
        north, east = home(who)
        dots.append(f'<use href="#home" x="{2000 * (east + 2.3):.2f}" y="{2000 * (53.2 - north):.2f}"/>')
    return drawing(f'<defs><circle id="home" r="1"/></defs>{"".join(dots)}', random)


def _profile(world: World, random: Random) -> bytes:
    """Return a profile of a data set as profiling programs write it: its first rows and each variable's extremes."""
    rows = "".join(
        f"<tr><td>{who.birth}</td><td>{who.postcode}</td><td>{random.randrange(40)}</td></tr>"
        for who in world.persons(random, 10)
    )
    ends = "".join(f"<li>{random.randrange(300, 900)} <small>1</small></li>" for _ in range(5))
    head = "<tr><th>birth</th><th>postcode</th><th>stay</th></tr>"
    return page(f"<h2>First rows</h2><table>{head}{rows}</table><h2>stay</h2><h3>Maximum 5 values</h3><ul>{ends}</ul>")


def _failed(world: World, random: Random) -> bytes:
    """Return a notebook whose last cell failed on a row that its error shows, in colour as IPython prints it."""
    who = world.person(random)
    said = f"Unparsable date in row ['{who.surname}', '{who.forename}', '{who.birth:%d/%m/%y}']"
    traceback = ["\x1b[31m---------\x1b[39m", f"\x1b[31mValueError\x1b[39m: {said}"]
    output = {"output_type": "error", "ename": "ValueError", "evalue": said, "traceback": traceback}
    return notebook(markdown("# Cleaning"), code("frame['born'].map(parse)", output))


def _script(world: World, random: Random) -> bytes:
    """Return an R script that takes people out by hand."""
    lines = (
        f'cohort <- cohort[!(cohort$surname == "{who.surname}" & cohort$dob == as.Date("{who.birth}")), ]'
        for who in world.persons(random, 6)
    )
    return "\n".join(["library(dplyr)", *lines, ""]).encode()


def _batch(world: World, random: Random) -> bytes:
    """Return a batch of HL7 version 2 results."""
    rows = (
        f"PID|{place}||{who.nhs_number}||{who.surname.upper()}^{who.forename.upper()}||{who.birth:%Y%m%d}|\r"
        f"OBX|1|NM|HBA1C||{random.randrange(30, 120)}|mmol/mol\r"
        for place, who in enumerate(world.persons(random, 30), 1)
    )
    return ("BHS|^~\\&|LAB|RJE\r" + "".join(rows)).encode()


WHOLES = by_second(
    Special("json", "a FHIR bundle of patients", _bundle, _ANY),
    Special("ndjson", "requests with patients in their bodies", _requests, _ANY),
    Special("sql", "a dump's COPY block", _copy, _ANY),
    Special("yaml", "a fixture of people", _fixture, _ANY),
    Special("json", "homes as GeoJSON", _homes, _ANY),
    Special("svg", "a dot for each home", _dots, RECORDS),
    Special("html", "a profile with rows and extremes", _profile, _ANY | STATISTICS),
    Special("ipynb", "a failed cell's error with a row", _failed, PERSON),
    Special("R", "a script that takes people out", _script, PERSON),
    Special("txt", "a batch of HL7 results", _batch, _ANY),
)
