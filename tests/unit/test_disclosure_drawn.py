"""What a figure draws as large as its counts, and by as many steps as people left; and one figure for each of many."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.disclosing import judged, rules

FLOW = {"source": [0, 0, 1], "target": [1, 2, 2]}
WIDTHS = (3, 11, 7, 2, 19, 5, 8, 13, 4, 6)


def page(figure: object) -> str:
    """Return a page that draws a figure of Plotly's."""
    return (
        f'<html><body><div id="f"></div><script>Plotly.newPlot("f", {json.dumps(figure)}, {{}});</script></body></html>'
    )


def drawing(line: str) -> str:
    """Return a drawing of one line."""
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{line}</svg>'


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (page([{"type": "sankey", "link": {**FLOW, "value": [400, 2, 31]}}]), "small-count"),
        (page([{"type": "sankey", "link": {**FLOW, "value": [400, 22, 31]}}]), None),
        (page([{"type": "sankey", "link": {**FLOW, "value": [4.5, 2.5, 31.5]}}]), None),  # per cent
        (page([{"type": "pie", "labels": ["a", "b"], "values": [400, 3]}]), "small-count"),
        (page([{"type": "pie", "labels": ["a", "b"], "values": [400, 30]}]), None),
        (page([{"type": "indicator", "labels": ["a", "b"], "values": [400, 3]}]), None),
        (json.dumps({"mean": {f"b[{n}]": n / 7 for n in range(110)}}), "value-list"),
        (json.dumps({"mean": {f"b[{n}]": n / 7 for n in range(50)}}), None),
        (json.dumps({"mean": {f"b{n}_{'xy'[n % 2]}": n / 7 for n in range(110)}}), None),
    ],
)
def test_figure(tmp_path: Path, content: str, rule: str | None) -> None:
    """A figure's counts are read where it draws them, an array wherever its values stand."""
    assert rules(judged(tmp_path, content)) - {"active-content"} == ({rule} if rule else set())


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('<path d="M0 0' + "".join(f"h{width}v4" for width in WIDTHS) + '"/>', True),
        ('<path d="M0 90 ' + "".join(f"H{n * n + 3} V{90 - 6 * n} " for n in range(1, 11)) + '"/>', True),
        ('<path d="M5 5' + "".join(f" l{width} 0 0 4" for width in WIDTHS) + '"/>', True),
        ('<polyline points="' + " ".join(f"{n * n},{n} {n * n},{n + 1}" for n in range(10)) + '"/>', True),
        ('<path d="M0 0' + "".join(f"h{width}v4" for width in WIDTHS[:5]) + '"/>', False),
        ('<path d="M0 0' + "h5v4" * 12 + '"/>', False),  # bins
        ('<path d="M0 0' + "h3v4h9v-2" * 8 + '"/>', False),  # up and down
        ('<path d="M0 0' + "".join(f"l{width} 4" for width in WIDTHS * 2) + '"/>', False),
        ('<path d="M0 0 C 1 2 3 4 5 6"/><path d="M0 0h4v4"/><path/>', False),
        ('<path d="' + "M0 0h3v9" * 9 + '"/>', False),
    ],
)
def test_steps(tmp_path: Path, line: str, told: bool) -> None:
    """A line that goes one way by uneven steps has one for each person who left."""
    found = rules(judged(tmp_path, drawing(line)))
    assert ("possible-figure-rows" in found) is told
