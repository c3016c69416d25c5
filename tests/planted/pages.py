"""HTML with the payloads of plotting libraries, SVG, XML."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

Plant = Mapping[str, str]


def html(plant: Plant) -> bytes:
    said = plant.get
    figure = {"data": [{"x": ["a", "b"], "y": [120, 130], "text": said("plotly", "x")}], "layout": {}}
    spec = {"$schema": "vega-lite", "datasets": {"d": [{"a": said("altair", "x"), "n": 120}]}}
    document = json.dumps({"roots": [{"title": said("bokeh", "x")}]})
    return f"""<!DOCTYPE html><html><head><title>{said("title", "Results")}</title>
<meta name="author" content="{said("meta", "team")}"><style>/* {said("style", "none")} */</style></head>
<body><p>{said("text", "Counts")}</p><!-- {said("comment", "end")} --><img alt="{said("alt", "chart")}">
<div data-note="{said("data attribute", "x")}" hidden>{said("hidden", "x")}</div>
<a href="https://example.org/{said("link", "x").replace(" ", "%20")}">more</a>
<script>Plotly.newPlot("a", {json.dumps(figure)}); vegaEmbed("#b", {json.dumps(spec)}); // {said("script", "x")}</script>
<script type="application/json">{json.dumps({"docs_json": document})}</script></body></html>""".encode()


def svg(plant: Plant) -> bytes:
    said = plant.get
    inner = base64.b64encode(f"Results: {said('embedded', 'none')}\n".encode()).decode()
    return f"""<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">
<title>{said("title", "Chart")}</title><desc>{said("description", "x")}</desc>
<metadata><x>{said("metadata", "x")}</x></metadata><!-- {said("comment", "x")} -->
<text aria-label="{said("attribute", "x")}">{said("text", "Count")}</text>
<image xlink:href="data:text/plain;base64,{inner}"/></svg>""".encode()


def xml(plant: Plant) -> bytes:
    said = plant.get
    value = "".join(f"&#{ord(mark)};" for mark in said("character references", "x"))
    return f"""<?xml version="1.0"?><results note="{said("attribute", "x")}"><!-- {said("comment", "x")} -->
<row><band>{said("text", "20-29")}</band><n>120</n></row><row><band>{value}</band><n>130</n></row></results>""".encode()


KINDS = {
    "html": (
        html,
        ("title", "meta", "style", "text", "comment", "alt", "data attribute", "hidden", "link", "plotly", "altair", "bokeh",
         "script"),
        ("active-content",),
    ),
    "svg": (svg, ("title", "description", "metadata", "comment", "attribute", "text", "embedded"), ()),
    "xml": (xml, ("attribute", "comment", "text", "character references"), ()),
}  # fmt: skip
