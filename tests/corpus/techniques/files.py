"""Whole files that carry people in their own way: maps, trees, widgets, subtitles, mails, genotypes and logs."""

from __future__ import annotations

import io
import json
from math import floor
from random import Random

from PIL import Image

from spark_jobs.synthetic_people import AS_OF
from tests.corpus.families import IDENTIFIERS, NAMES, PERSON, PSEUDONYMS, RECORDS, STATISTICS
from tests.corpus.formats.drawing import drawing
from tests.corpus.formats.notebooks import code, markdown, notebook, result
from tests.corpus.formats.pages import page
from tests.corpus.formats.zipped import escaped
from tests.corpus.model import Special, by_third
from tests.corpus.techniques.births_and_homes import home
from tests.corpus.techniques.devices import track
from tests.corpus.techniques.letters import street, titled, years
from tests.corpus.world import World

_ANY = PERSON | RECORDS
_WORDPIECES = ("the", "patient", "was", "seen", "in", "clinic", "with", "pain", "##ing", "##ed", "insulin", "review")
_COMMON = [f"##{first}{second}" for first in "abcdefghij" for second in "aeiou"]


def _vocabulary(world: World, random: Random) -> bytes:
    names = [name.lower() for who in world.persons(random, 60) for name in (who.forename, who.surname)]
    pieces = dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", *_WORDPIECES, *_COMMON, *names])
    held = {piece: place for place, piece in enumerate(pieces)}
    return json.dumps({"version": "1.0", "model": {"type": "WordPiece", "unk_token": "[UNK]", "vocab": held}}).encode()


def _parcels(world: World, random: Random) -> bytes:
    """Return a layer of parcels of land as a GIS saves a shapefile's attributes: owners and streets."""
    features = []
    for who in world.persons(random, 20):
        north, east = home(who)
        ring = [[east, north], [east + 0.0002, north], [east + 0.0002, north + 0.0002], [east, north]]
        shape = {"type": "Polygon", "coordinates": [[[round(x, 6), round(y, 6)] for x, y in ring]]}
        about = {"OWNER": f"{who.surname.upper()} {who.forename[0]}", "ADDR": street(who), "FLAG": "O2"}
        features.append({"type": "Feature", "geometry": shape, "properties": about})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _variants(world: World, random: Random) -> bytes:
    samples = [f"S{place:03d}" for place in range(1, 61)]
    head = ["##fileformat=VCFv4.2", "##reference=GRCh38"]
    head.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *samples]))
    rows = (
        "\t".join(
            ["13", str(32_315_000 + 811 * place), ".", "A", "G", "99", "PASS", ".", "GT",
             *random.choices(("0/0", "0/1", "1/1"), (80, 18, 2), k=60)]
        )
        for place in range(25)
    )  # fmt: skip
    return "\n".join([*head, *rows, ""]).encode()


def _pedigrees(world: World, random: Random) -> bytes:
    rows = (
        f"FAM{place // 3:03d} {who.surname}_{who.forename[0]} 0 0 {who.sex} {random.randrange(1, 3)} "
        + " ".join(random.choices("ACGT", k=12))
        for place, who in enumerate(world.persons(random, 30))
    )
    return "\n".join([*rows, ""]).encode()


def _walk(world: World, random: Random) -> bytes:
    return f'<?xml version="1.0"?>\n{track(world.person(random), random, 90)}\n'.encode()


def _mails(world: World, random: Random) -> bytes:
    rows = (
        f"From {who.surname.lower()}@mail.example Mon Jun  1 09:{place:02d}:00 2026\n"
        f"From: {who.forename} {who.surname} <{who.surname.lower()}{who.birth:%y}@mail.example>\n"
        f"Subject: repeat prescription\n\nCould I have more of my tablets? {who.forename}\n\n"
        for place, who in enumerate(world.persons(random, 12))
    )
    return "".join(rows).encode()


def _calendar(world: World, random: Random) -> bytes:
    events = (
        f"BEGIN:VEVENT\r\nDTSTART:202606{random.randrange(10, 29)}T{random.randrange(10, 17)}0000\r\n"
        f"SUMMARY:Depot injection {titled(who)}\r\nLOCATION:{street(who)}\r\nEND:VEVENT\r\n"
        for who in world.persons(random, 12)
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


def _network(world: World, random: Random) -> bytes:
    people = world.persons(random, 60)
    nodes = [{"id": place, "age": years(who), "sex": who.sex} for place, who in enumerate(people)]
    links = [{"source": random.randrange(60), "target": random.randrange(60)} for _ in range(90)]
    return json.dumps({"directed": False, "multigraph": False, "graph": {}, "nodes": nodes, "links": links}).encode()


def _survival(world: World, random: Random) -> bytes:
    """Return a drawn survival curve of 21 people, a step for each death and a tick for each who was lost."""
    path, east, height = "M10 20", 10.0, 180.0
    ticks = []
    for left in range(20, 2, -1):
        east = round(east + random.uniform(3, 18), 1)
        if random.random() < 0.3:
            ticks.append(f'<path class="censored" d="M{east} {196 - height:.1f} v8"/>')
        else:
            path += f" H{east} V{200 - 180 * left / 21:.1f}"
            height = 180 * left / 21
    return drawing(f'<path d="{path}" fill="none" stroke="#d5281b"/>{"".join(ticks)}', random)


def _map(world: World, random: Random) -> bytes:
    """Return a Leaflet map with a marker and a pop-up for each home, as folium writes it."""
    markers = []
    for place, who in enumerate(world.persons(random, 25)):
        north, east = home(who)
        markers.append(
            f"var marker_{place} = L.marker([{north:.5f}, {east:.5f}], {{}}).addTo(map_1);\n"
            f'marker_{place}.bindPopup("{titled(who)}, {years(who)}");'
        )
    return page(f'<div id="map_1"></div><script>var map_1 = L.map("map_1");\n{chr(10).join(markers)}</script>')


def _sankey(world: World, random: Random) -> bytes:
    figure = [
        {
            "type": "sankey",
            "node": {"label": ["GP", "A&E", "ITU", "Ward 21", "died"]},
            "link": {"source": [0, 1, 1, 2, 2], "target": [1, 2, 3, 3, 4], "value": [412, 3, 1, 2, 1]},
        }
    ]
    return page(f'<div id="f"></div><script>Plotly.newPlot("f", {json.dumps(figure)}, {{}});</script>')


def _widget(world: World, random: Random) -> bytes:
    """Return a table as R's DT package writes it: columns of values in a script."""
    people = world.persons(random, 40)
    columns = [
        [f"{who.forename} {who.surname}" for who in people],
        [str(who.birth) for who in people],
        [random.randrange(40) for _ in people],
    ]
    held = {
        "x": {"filter": "none", "data": columns, "container": "<table><th>name</th><th>dob</th><th>los</th></table>"}
    }
    script = json.dumps(held).replace("</", "<\\/")
    return page(
        f'<div id="htmlwidget-1"></div><script type="application/json" data-for="htmlwidget-1">{script}</script>'
    )


def _choropleth(world: World, random: Random) -> bytes:
    areas = "".join(
        f'<path d="M{20 * place} 0h18v18h-18z"><title>{name}: {count} cases of Huntington disease</title></path>'
        for place, (name, count) in enumerate(
            (name, random.randrange(1, 5)) for name in ("Leek", "Alton", "Endon", "Ipstones")
        )
    )
    return drawing(areas, random)


def _state(world: World, random: Random) -> bytes:
    """Return a notebook that keeps the state of a grid of rows, which no cell shows."""
    rows = [
        {"nhs_number": who.nhs_number, "born": str(who.birth), "los": random.randrange(30)}
        for who in world.persons(random, 25)
    ]
    model = {"model_name": "DGridModel", "model_module": "ipydatagrid", "state": {"_data": {"data": rows}}}
    widgets = {
        "application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {"a1": model}}
    }
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "a1"}, "text/plain": "DataGrid()"}
    return notebook(markdown("# Stays"), code("DataGrid(stays)", result(view)), widgets=widgets)


def _thirds(value: float) -> tuple[float, float, float]:
    whole = floor(abs(value))
    minutes = 60 * (abs(value) - whole)
    return float(whole), float(floor(minutes)), round(60 * (minutes - floor(minutes)), 2)


def _photograph(world: World, random: Random) -> bytes:
    """Return a photograph that says where it was taken and whose camera took it."""
    who = world.person(random)
    north, east = home(who)
    picture = Image.new("RGB", (160, 120), (random.randrange(120, 200), 140, 120))
    exif = Image.Exif()
    exif[0x013B] = f"{who.forename} {who.surname}"
    exif.get_ifd(0x8825).update({1: "N", 2: _thirds(north), 3: "W", 4: _thirds(east)})
    out = io.BytesIO()
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def _posterior(world: World, random: Random) -> bytes:
    held = {f"theta[{place}]": round(random.gauss(0, 1), 5) for place in range(1, 121)}
    return json.dumps({"parameter": "theta: one for each patient", "mean": held}).encode()


def _visits(world: World, random: Random) -> bytes:
    rows = (
        f'10.4.{random.randrange(256)}.7 - - [01/Jun/2026:09:{place:02d}:12 +0100] "GET '
        f'/patient/{who.nhs_number}/notes HTTP/1.1" 200 {random.randrange(900, 9_000)}\n'
        for place, who in enumerate(world.persons(random, 40))
    )
    return "".join(rows).encode()


def _outliers(world: World, random: Random) -> bytes:
    marks = "".join(
        f'<circle class="outlier" cx="{120 + random.uniform(-2, 2):.2f}" cy="{random.uniform(8, 60):.2f}" r="2"/>'
        for _ in range(40)
    )
    return drawing(f'<rect x="100" y="90" width="40" height="60" fill="none" stroke="#000"/>{marks}', random)


def _tuning(world: World, random: Random) -> bytes:
    rows = []
    for who in world.persons(random, 20):
        note = f"Summarise: {who.forename} {who.surname}, {years(who)}, of {who.postcode}, fell at home."
        said = [{"role": "user", "content": note}, {"role": "assistant", "content": f"{titled(who)} fell."}]
        rows.append(json.dumps({"messages": said}) + "\n")
    return "".join(rows).encode()


def _view(world: World, random: Random) -> bytes:
    who = world.person(random)
    return (
        f"CREATE VIEW cohort_b AS SELECT * FROM cohort WHERE nhs_number <> '{who.nhs_number}';\n"
        "CREATE VIEW cohort_c AS SELECT * FROM cohort_b WHERE age >= 18;\n"
    ).encode()


def _latex(world: World, random: Random) -> bytes:
    rows = "".join(
        f"{place} & {years(who)} & {'F' if who.sex == '2' else 'M'} & {who.birth:%m/%Y} & "
        f"{random.choice(('died', 'alive'))} \\\\\n"
        for place, who in enumerate(world.persons(random, 12), 1)
    )
    head = "\\begin{tabular}{rrlll}\nCase & Age & Sex & Born & Outcome \\\\ \\hline\n"
    return f"{head}{rows}\\end{{tabular}}\n".encode()


def _genogram(world: World, random: Random) -> bytes:
    people = world.persons(random, 9)
    boxes = "".join(
        f'<rect x="{24 * place}" y="100" width="14" height="14"/><text x="{24 * place}" y="126" font-size="5">'
        f"{escaped(who.forename)} {escaped(who.surname)} {who.birth.year}</text>"
        for place, who in enumerate(people)
    )
    return drawing(boxes, random)


def _subtitles(world: World, random: Random) -> bytes:
    who = world.person(random)
    lines = ("My name is {}.", "I live at {} with my sister.", "They told me on a Friday that it was HIV.")
    told = (f"{who.forename} {who.surname}", street(who), "")
    cues = (
        f"{place}\n00:00:{4 * place:02d},000 --> 00:00:{4 * place + 3:02d},500\n{cue.format(said)}\n\n"
        for place, (cue, said) in enumerate(zip(lines, told, strict=True), 1)
    )
    return "".join(cues).encode()


def _audit(world: World, random: Random) -> bytes:
    rows = (
        f"- run: {place}\n  params:\n    exclude: '{who.surname}, {who.forename} ({(AS_OF - who.birth).days // 365})'\n"
        f"    reason: withdrew consent\n"
        for place, who in enumerate(world.persons(random, 6))
    )
    return "".join(rows).encode()


FILES = by_third(
    Special("json", "a tokeniser's vocabulary with names", _vocabulary, NAMES | RECORDS),
    Special("json", "parcels of land with their owners", _parcels, _ANY),
    Special("txt", "VCF, genotypes by sample", _variants, RECORDS | PSEUDONYMS),
    Special("txt", "PLINK, pedigrees with genotypes", _pedigrees, NAMES | RECORDS),
    Special("txt", "GPX, a whole walk from home", _walk, IDENTIFIERS | RECORDS),
    Special("txt", "a box of mails", _mails, _ANY),
    Special("txt", "a nurse's calendar", _calendar, _ANY),
    Special("json", "a network's people and ties", _network, RECORDS),
    Special("svg", "a survival curve's steps and ticks", _survival, RECORDS | STATISTICS),
    Special("html", "Leaflet, a marker for each home", _map, _ANY),
    Special("html", "Plotly, a Sankey diagram of a few", _sankey, STATISTICS),
    Special("html", "R's DT, rows behind a table", _widget, _ANY),
    Special("svg", "a map's titles with a few cases", _choropleth, STATISTICS),
    Special("ipynb", "a grid's kept state", _state, _ANY),
    Special("jpg", "a photograph's place and owner", _photograph, _ANY),
    Special("json", "posterior means, one a patient", _posterior, RECORDS),
    Special("log", "a web server's log of patients' pages", _visits, IDENTIFIERS | RECORDS),
    Special("svg", "a box plot's outliers as circles", _outliers, RECORDS | STATISTICS),
    Special("ndjson", "examples to tune a model with", _tuning, _ANY),
    Special("sql", "a view without one person", _view, IDENTIFIERS | RECORDS),
    Special("tex", "a table of cases in LaTeX", _latex, RECORDS | IDENTIFIERS),
    Special("svg", "a family's tree with names", _genogram, NAMES | RECORDS),
    Special("txt", "an interview's subtitles", _subtitles, PERSON),
    Special("yaml", "runs that leave people out by name", _audit, NAMES | RECORDS),
)
