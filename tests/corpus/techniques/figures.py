"""Figures that carry the rows they were drawn from: Plotly, Vega-Lite, Bokeh, SVG and PDF paths, notebooks."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from random import Random
from typing import Any

import altair
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from spark_jobs.synthetic_people import AS_OF
from tests.corpus.families import IDENTIFIERS, PERSON, RECORDS
from tests.corpus.formats.drawing import drawing
from tests.corpus.formats.models import seeded
from tests.corpus.formats.notebooks import code, markdown, notebook, result
from tests.corpus.formats.pages import page
from tests.corpus.model import Special
from tests.corpus.world import World

PLOTLY = "application/vnd.plotly.v1+json"
VEGA_LITE = "application/vnd.vegalite.v5+json"


def plotly_page(figure: dict[str, Any]) -> bytes:
    """Return a figure as Plotly's write_html(include_plotlyjs="cdn") does."""
    data, layout = json.dumps(figure["data"]), json.dumps(figure.get("layout", {}))
    drawn = f'<script type="text/javascript">Plotly.newPlot("fig1", {data}, {layout}, {{"responsive": true}})</script>'
    return page(f'<div id="fig1" class="plotly-graph-div"></div>{drawn}')


def vega_page(specification: dict[str, Any]) -> bytes:
    """Return a Vega-Lite chart as Altair's save() does in HTML."""
    chart = json.dumps(specification)
    drawn = f'<script type="text/javascript">vegaEmbed("#vis", {chart}, {{"mode": "vega-lite"}});</script>'
    return page(f'<div id="vis"></div>{drawn}')


def bokeh_page(columns: dict[str, Any]) -> bytes:
    """Return a figure's data source as Bokeh's output_file() embeds it."""
    source = {
        "type": "object",
        "name": "ColumnDataSource",
        "id": "p1002",
        "attributes": {"data": {"type": "map", "entries": list(columns.items())}},
    }
    roots = {
        "a1": {
            "version": "3.8.0",
            "title": "Bokeh Application",
            "roots": [{"type": "object", "name": "Figure", "id": "p1001", "attributes": {"renderers": [source]}}],
        }
    }
    return page(f'<div id="root"></div><script type="application/json" id="docs">{json.dumps(roots)}</script>')


def packed_numbers(values: np.ndarray) -> dict[str, Any]:
    """Return an array as Bokeh packs it: base64 of its bytes."""
    data = base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
    return {
        "type": "ndarray",
        "array": {"type": "bytes", "data": data},
        "shape": [len(values)],
        "dtype": "float64",
        "order": "little",
    }


def scattered(world: World, random: Random, count: int = 400) -> pd.DataFrame:
    """Return a person a row: age, a measurement and who it is."""
    people = world.persons(random, count)
    return pd.DataFrame(
        {
            "age": [round(who.age(AS_OF), 1) for who in people],
            "systolic": [round(random.gauss(100 + 0.5 * who.age(AS_OF), 14), 1) for who in people],
            "who": [f"{who.forename} {who.surname}" for who in people],
            "number": [who.nhs_number for who in people],
        }
    )


def _scatter(frame: pd.DataFrame, **more: object) -> dict[str, Any]:
    trace = {"type": "scatter", "mode": "markers", "x": frame["age"].tolist(), "y": frame["systolic"].tolist(), **more}
    return {"data": [trace], "layout": {"title": {"text": "Blood pressure by age"}}}


def _plotly(world: World, random: Random) -> bytes:
    return plotly_page(_scatter(scattered(world, random)))


def _plotly_hover(world: World, random: Random) -> bytes:
    frame = scattered(world, random, 12)
    return plotly_page(_scatter(frame, hovertext=frame["who"].tolist()))


def _plotly_custom(world: World, random: Random) -> bytes:
    frame = scattered(world, random, 25)
    return plotly_page(_scatter(frame, customdata=frame[["number"]].to_numpy().tolist()))


def _plotly_packed(world: World, random: Random) -> bytes:
    frame = scattered(world, random)
    packed = {
        axis: {"dtype": "f8", "bdata": base64.b64encode(frame[name].to_numpy(dtype=np.float64).tobytes()).decode()}
        for axis, name in (("x", "age"), ("y", "systolic"))
    }
    return plotly_page({"data": [{"type": "scattergl", "mode": "markers", **packed}]})


def _histogram(world: World, random: Random) -> bytes:
    return plotly_page({"data": [{"type": "histogram", "x": scattered(world, random)["age"].tolist()}]})


def _box(world: World, random: Random) -> bytes:
    return plotly_page(
        {"data": [{"type": "box", "y": scattered(world, random, 150)["systolic"].tolist(), "boxpoints": "all"}]}
    )


def _plotly_json(world: World, random: Random) -> bytes:
    return json.dumps(_scatter(scattered(world, random))).encode()


def vega(values: list[dict[str, Any]], mark: str, x: str, y: str) -> dict[str, Any]:
    """Return a Vega-Lite chart of inline values."""
    encoding = {"x": {"field": x, "type": "quantitative"}, "y": {"field": y, "type": "quantitative"}}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json", "mark": mark,
        "data": {"values": values}, "encoding": encoding,
    }  # fmt: skip


def _points(world: World, random: Random, count: int = 300) -> list[dict[str, Any]]:
    return scattered(world, random, count)[["age", "systolic"]].to_dict("records")


def _vega_file(world: World, random: Random) -> bytes:
    return json.dumps(vega(_points(world, random), "point", "age", "systolic")).encode()


def _vega_datasets(world: World, random: Random) -> bytes:
    """Return a chart whose data stand apart from it, as Altair writes them."""
    chart = vega([], "point", "age", "systolic")
    return vega_page({**chart, "data": {"name": "data-1"}, "datasets": {"data-1": _points(world, random)}})


def _vega_names(world: World, random: Random) -> bytes:
    frame = scattered(world, random, 9)
    return vega_page(vega(frame[["age", "systolic", "who"]].to_dict("records"), "point", "age", "systolic"))


def _vega_text_data(world: World, random: Random) -> bytes:
    frame = scattered(world, random)[["age", "systolic"]]
    chart = vega([], "point", "age", "systolic")
    return vega_page({**chart, "data": {"values": frame.to_csv(index=False), "format": {"type": "csv"}}})


def _altair(world: World, random: Random) -> bytes:
    chart = altair.Chart(scattered(world, random)[["age", "systolic"]]).mark_circle().encode(x="age", y="systolic")
    return chart.to_json().encode()


def _altair_binned(world: World, random: Random) -> bytes:
    """Return a histogram that the browser would bin: every value is still there."""
    chart = altair.Chart(scattered(world, random)[["age"]]).mark_bar().encode(x=altair.X("age", bin=True), y="count()")
    return chart.to_json().encode()


def _bokeh(world: World, random: Random) -> bytes:
    frame = scattered(world, random)
    return bokeh_page({name: packed_numbers(frame[name].to_numpy()) for name in ("age", "systolic")})


def _bokeh_names(world: World, random: Random) -> bytes:
    frame = scattered(world, random, 15)
    return bokeh_page({"age": frame["age"].tolist(), "label": frame["who"].tolist()})


def drawn(draw: Callable[[Any], object], form: str = "svg", **metadata: object) -> bytes:
    """Return what matplotlib saves after `draw` was given its axes."""
    with matplotlib.rc_context({"svg.hashsalt": "corpus", "svg.fonttype": "none", "pdf.fonttype": 42}):
        figure = Figure(figsize=(6, 4))
        draw(figure.add_subplot())
        out = io.BytesIO()
        dates = {"png": {}, "pdf": {"CreationDate": None}, "svg": {"Date": None}}
        figure.savefig(out, format=form, metadata={**dates.get(form, {}), **metadata})
    return out.getvalue()


def _svg_scatter(world: World, random: Random) -> bytes:
    frame = scattered(world, random)
    return drawn(lambda axes: axes.scatter(frame["age"], frame["systolic"], s=4))


def _svg_lines(world: World, random: Random) -> bytes:
    """Return a line for each of sixty patients, ten days long."""
    draw = seeded(random)
    return drawn(lambda axes: [axes.plot(range(10), 37 + draw.normal(0, 0.5, 10), lw=0.4) for _ in range(60)])


def _svg_labels(world: World, random: Random) -> bytes:
    frame = scattered(world, random, 8)

    def draw(axes: Any) -> None:
        axes.scatter(frame["age"], frame["systolic"])
        for _, row in frame.iterrows():
            axes.annotate(row["who"], (row["age"], row["systolic"]))

    return drawn(draw)


def _svg_titles(world: World, random: Random) -> bytes:
    frame = scattered(world, random, 40)
    points = "".join(
        f'<circle cx="{row.age}" cy="{row.systolic}" r="1"><title>{row.number}</title></circle>'
        for row in frame.itertuples()
    )
    return drawing(points, random)


def _pdf_scatter(world: World, random: Random) -> bytes:
    frame = scattered(world, random)
    return drawn(lambda axes: axes.scatter(frame["age"], frame["systolic"], s=4), "pdf")


def _shown(kind: str, figure: Callable[[World, Random], dict[str, Any]]) -> Callable[[World, Random], bytes]:
    def write(world: World, random: Random) -> bytes:
        return notebook(
            markdown("# Figure"), code("figure", result({kind: figure(world, random), "text/plain": "Figure"}))
        )

    return write


def _series(world: World, random: Random) -> bytes:
    """Return a long array of single measurements among a model's results."""
    values = [round(random.gauss(48, 9), 2) for _ in range(600)]
    return json.dumps({"model": "logistic", "auc": 0.78, "predictions": values}).encode()


_EITHER = RECORDS | PERSON
FIGURES = (
    Special("html", "Plotly, a point for each person", _plotly, RECORDS),
    Special("html", "Plotly, names in the hover text", _plotly_hover, _EITHER),
    Special("html", "Plotly, NHS numbers as custom data", _plotly_custom, _EITHER),
    Special("html", "Plotly, packed arrays", _plotly_packed, RECORDS | {"hiding"}),
    Special("html", "Plotly, a histogram of single values", _histogram, RECORDS),
    Special("html", "Plotly, a box plot with its points", _box, RECORDS),
    Special("json", "Plotly as JSON", _plotly_json, RECORDS),
    Special("json", "Vega-Lite as JSON", _vega_file, RECORDS),
    Special("html", "Vega-Lite, data beside the chart", _vega_datasets, RECORDS),
    Special("html", "Vega-Lite, names in the data", _vega_names, _EITHER),
    Special("html", "Vega-Lite, data as CSV text", _vega_text_data, RECORDS),
    Special("json", "Altair, a point for each person", _altair, RECORDS),
    Special("json", "Altair, a histogram of single values", _altair_binned, RECORDS),
    Special("html", "Bokeh, packed arrays", _bokeh, RECORDS | {"hiding"}),
    Special("html", "Bokeh, names as labels", _bokeh_names, _EITHER),
    Special("svg", "a scatter plot's marks", _svg_scatter, RECORDS),
    Special("svg", "a line for each patient", _svg_lines, RECORDS),
    Special("svg", "names beside points", _svg_labels, _EITHER),
    Special("svg", "NHS numbers as points' titles", _svg_titles, _EITHER),
    Special("pdf", "a scatter plot's marks", _pdf_scatter, RECORDS),
    Special("ipynb", "Plotly in an output", _shown(PLOTLY, lambda w, r: _scatter(scattered(w, r))), RECORDS),
    Special(
        "ipynb",
        "Vega-Lite in an output",
        _shown(VEGA_LITE, lambda w, r: vega(_points(w, r), "point", "age", "systolic")),
        RECORDS,
    ),
    Special(
        "ipynb",
        "records as JSON in an output",
        _shown("application/json", lambda w, r: {"rows": _points(w, r)}),
        RECORDS,
    ),
    Special("json", "a model's predictions one by one", _series, RECORDS | IDENTIFIERS),
)
