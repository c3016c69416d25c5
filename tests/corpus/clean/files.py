"""Harmless whole files of the kinds that carry people in their own way: sites, services, hospitals, meetings."""

from __future__ import annotations

import io
import json
from random import Random

from PIL import Image

from tests.corpus.formats.drawing import drawing
from tests.corpus.formats.notebooks import code, markdown, notebook, result
from tests.corpus.formats.pages import page
from tests.corpus.model import Special, by_third
from tests.corpus.world import World

_REGIONS = ("East", "London", "Midlands", "North East", "North West", "South East", "South West", "Yorkshire")
_PIECES = ("the", "patient", "was", "seen", "in", "clinic", "with", "pain", "insulin", "review", "breath", "chest")
_HOSPITALS = (("Royal Stoke", 53.0, -2.21), ("County Hospital", 52.81, -2.1), ("Leighton", 53.12, -2.48))


def _vocabulary(world: World, random: Random) -> bytes:
    pieces = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        *_PIECES,
        *(f"##{first}{second}" for first in "abcdefghijk" for second in "aeiou"),
    ]
    held = {piece: place for place, piece in enumerate(pieces)}
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "vocab": held,
        "max_input_chars_per_word": random.randrange(80, 120),
    }
    return json.dumps({"version": "1.0", "model": model}).encode()


def _catchments(world: World, random: Random) -> bytes:
    features = []
    for place in range(8):
        west, south = -2.4 + 0.2 * (place % 4), 52.6 + 0.2 * (place // 4)
        ring = [[west, south], [west + 0.2, south], [west + 0.2, south + 0.2], [west, south]]
        shape = {"type": "Polygon", "coordinates": [[[round(x, 1), round(y, 1)] for x, y in ring]]}
        about = {"CLINIC": f"Clinic {place + 1}", "PEOPLE": random.randrange(9_000, 40_000), "FLAG": "open"}
        features.append({"type": "Feature", "geometry": shape, "properties": about})
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def _sites(world: World, random: Random) -> bytes:
    head = "##fileformat=VCFv4.2\n##reference=GRCh38\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    rows = (
        f"13\t{32_315_000 + 811 * place}\t.\tA\tG\t99\tPASS\tAF={random.uniform(0.02, 0.4):.4f};AN=82466\n"
        for place in range(25)
    )
    return (head + "".join(rows)).encode()


def _markers(world: World, random: Random) -> bytes:
    rows = (f"13 rs{random.randrange(10**5, 10**7)} 0 {32_315_000 + 811 * place}\n" for place in range(30))
    return "".join(rows).encode()


def _footpath(world: World, random: Random) -> bytes:
    points = "".join(
        f'<rtept lat="{53.02 + place / 500:.3f}" lon="{-2.16 + place / 300:.3f}"/>\n' for place in range(20)
    )
    name = f"Caldon Canal towpath, part {random.randrange(1, 5)}"
    return f'<gpx version="1.1" creator="survey"><rte><name>{name}</name>\n{points}</rte></gpx>\n'.encode()


def _digest(world: World, random: Random) -> bytes:
    topics = ("ties in Cox models", "offsets in Poisson models", "small cells", "multiple imputation")
    rows = (
        f"Message {place}\nSubject: [stats] {topic}\n\nUse an offset; see chapter {random.randrange(9)}.\n\n"
        for place, topic in enumerate(topics, 1)
    )
    return "".join(rows).encode()


def _calendar(world: World, random: Random) -> bytes:
    events = (
        f"BEGIN:VEVENT\r\nDTSTART:202606{day:02d}T{random.randrange(10, 17)}0000\r\nSUMMARY:{what}\r\n"
        "LOCATION:Seminar room 2\r\nEND:VEVENT\r\n"
        for day, what in ((3, "Analysis plan review"), (10, "Data freeze"), (17, "Steering group"), (24, "Draft due"))
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


def _network(world: World, random: Random) -> bytes:
    names = ("GP", "A&E", "ward", "hospice", "home", "pharmacy")
    nodes = [{"id": name, "people": random.randrange(2_000, 40_000)} for name in names]
    links = [
        {"source": left, "target": right, "people": random.randrange(100, 2_000)}
        for left in names
        for right in names
        if left < right
    ]
    return json.dumps({"directed": False, "multigraph": False, "graph": {}, "nodes": nodes, "links": links}).encode()


def _survival(world: World, random: Random) -> bytes:
    height, path = 20.0, "M10 20"
    for year in range(1, 11):
        height += random.uniform(3, 9)
        path += f" L{10 + 20 * year} {height:.1f}"
    return drawing(f'<path d="{path}" fill="none" stroke="#d5281b"/><text x="10" y="215">n = 41,233</text>', random)


def _map(world: World, random: Random) -> bytes:
    markers = "\n".join(
        f"var marker_{place} = L.marker([{north}, {east}], {{}}).addTo(map_1);\n"
        f'marker_{place}.bindPopup("{name}: {random.randrange(900, 4_000)} admissions");'
        for place, (name, north, east) in enumerate(_HOSPITALS)
    )
    return page(f'<div id="map_1"></div><script>var map_1 = L.map("map_1");\n{markers}</script>')


def _sankey(world: World, random: Random) -> bytes:
    values = [random.randrange(200, 4_000) for _ in range(5)]
    link = {"source": [0, 1, 1, 2, 2], "target": [1, 2, 3, 3, 4], "value": values}
    figure = [{"type": "sankey", "node": {"label": ["GP", "A&E", "ITU", "ward", "home"]}, "link": link}]
    return page(f'<div id="f"></div><script>Plotly.newPlot("f", {json.dumps(figure)}, {{}});</script>')


def _widget(world: World, random: Random) -> bytes:
    columns = [list(_REGIONS), [random.randrange(20_000, 90_000) for _ in _REGIONS]]
    held = {"x": {"filter": "none", "data": columns, "container": "<table><th>region</th><th>people</th></table>"}}
    script = json.dumps(held).replace("</", "<\\/")
    return page(
        f'<div id="htmlwidget-1"></div><script type="application/json" data-for="htmlwidget-1">{script}</script>'
    )


def _choropleth(world: World, random: Random) -> bytes:
    areas = "".join(
        f'<path d="M{20 * place} 0h18v18h-18z"><title>{name}: {random.randrange(900, 9_000)} asthma</title></path>'
        for place, name in enumerate(_REGIONS)
    )
    return drawing(areas, random)


def _state(world: World, random: Random) -> bytes:
    state = {"min": 0, "max": 100, "value": random.randrange(10, 90), "description": "age over"}
    model = {"model_name": "IntSliderModel", "model_module": "@jupyter-widgets/controls", "state": state}
    widgets = {
        "application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {"a1": model}}
    }
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "a1"}, "text/plain": "IntSlider(value=65)"}
    return notebook(markdown("# Stays"), code("IntSlider(65)", result(view)), widgets=widgets)


def _photograph(world: World, random: Random) -> bytes:
    picture, exif, out = (
        Image.new("RGB", (160, 120), (120, random.randrange(120, 200), 120)),
        Image.Exif(),
        io.BytesIO(),
    )
    exif[0x010F], exif[0x0110], exif[0x0131] = "Canon", "EOS 80D", "GIMP 2.10"
    picture.save(out, "JPEG", exif=exif)
    return out.getvalue()


def _posterior(world: World, random: Random) -> bytes:
    held = {f"u[{name}]": round(random.gauss(0, 0.2), 4) for name in _REGIONS}
    return json.dumps({"parameter": "u: one for each region", "mean": held, "n": 41_233}).encode()


def _visits(world: World, random: Random) -> bytes:
    rows = (
        f'127.0.0.1 - - [01/Jun/2026:09:{place:02d}:12 +0100] "GET /tables/rates?page={place} HTTP/1.1" 200 '
        f"{random.randrange(900, 9_000)}\n"
        for place in range(40)
    )
    return "".join(rows).encode()


def _intervals(world: World, random: Random) -> bytes:
    marks = "".join(
        f'<path d="M{35 + 40 * place} {random.randrange(40, 60)}v{random.randrange(12, 30)}" stroke="#000"/>'
        for place in range(5)
    )
    return drawing(marks, random)


def _labels(world: World, random: Random) -> bytes:
    rows = (
        json.dumps({"label": name, "f1": round(random.uniform(0.7, 0.95), 3), "support": random.randrange(300, 4_000)})
        + "\n"
        for name in ("COPD", "angina", "asthma", "stroke", "fall", "fracture")
    )
    return "".join(rows).encode()


def _view(world: World, random: Random) -> bytes:
    return (
        "CREATE VIEW cohort_b AS SELECT * FROM cohort WHERE age >= 18;\n"
        f"CREATE VIEW cohort_c AS SELECT * FROM cohort_b WHERE registered_days >= {random.randrange(300, 400)};\n"
    ).encode()


def _latex(world: World, random: Random) -> bytes:
    rows = "".join(
        f"{name} & {random.randrange(9_000, 90_000)} & {random.uniform(40, 90):.1f} \\\\\n" for name in _REGIONS
    )
    return f"\\begin{{tabular}}{{lrr}}\nRegion & People & Rate \\\\ \\hline\n{rows}\\end{{tabular}}\n".encode()


def _flow(world: World, random: Random) -> bytes:
    steps = (("assessed", 9_412), ("eligible", 7_310), ("randomised", 5_204), ("analysed", 4_998))
    boxes = "".join(
        f'<rect x="60" y="{8 + 26 * place}" width="120" height="18" fill="none" stroke="#000"/>'
        f'<text x="66" y="{20 + 26 * place}" font-size="8">{name} (n = {count + random.randrange(9)})</text>'
        for place, (name, count) in enumerate(steps)
    )
    return drawing(boxes, random)


def _subtitles(world: World, random: Random) -> bytes:
    lines = ("Today: confounding by indication.", "Who is given a drug is not who is not.", "So we match on the score.")
    cues = (
        f"{place}\n00:00:{4 * place:02d},000 --> 00:00:{4 * place + 3:02d},{random.randrange(100, 900)}\n{cue}\n\n"
        for place, cue in enumerate(lines, 1)
    )
    return "".join(cues).encode()


def _runs(world: World, random: Random) -> bytes:
    rows = (
        f"- run: {place}\n  params:\n    exclude: '{what}'\n    seed: {random.randrange(999)}\n"
        for place, what in enumerate(("under 18", "no NHS number", "less than 12 months of records"))
    )
    return "".join(rows).encode()


FILES = by_third(
    # Words learnt from notes: somebody should read them.
    Special("json", "a tokeniser's vocabulary of common words", _vocabulary, fair="review"),
    Special("json", "clinics' catchments", _catchments),
    Special("txt", "VCF, sites without samples", _sites),
    Special("txt", "PLINK, a map of markers", _markers),
    # A public path, which only a person who knows it can tell from a walk from home.
    Special("txt", "GPX, a public footpath", _footpath, fair="review"),
    Special("txt", "a mailing list's digest", _digest),
    Special("txt", "a calendar of meetings", _calendar),
    Special("json", "a network of services", _network),
    Special("svg", "a survival curve of thousands", _survival, fair="review"),
    Special("html", "Leaflet, a marker for each hospital", _map, fair="review"),
    Special("html", "Plotly, a Sankey diagram of hundreds", _sankey, fair="review"),
    Special("html", "R's DT, counts behind a table", _widget, fair="review"),
    Special("svg", "a map's titles with many cases", _choropleth, fair="review"),
    Special("ipynb", "a slider's kept state", _state),
    Special("jpg", "a photograph's camera", _photograph, fair="review"),
    Special("json", "posterior means, one a region", _posterior),
    Special("log", "a web server's log of tables", _visits),
    Special("svg", "bars with intervals", _intervals, fair="review"),
    Special("ndjson", "scores by label", _labels),
    Special("sql", "a view of adults", _view, fair="review"),
    Special("tex", "a table of rates in LaTeX", _latex),
    Special("svg", "a trial's flow in boxes", _flow, fair="review"),
    Special("txt", "a lecture's subtitles", _subtitles),
    Special("yaml", "runs and whom they leave out by rule", _runs),
)
