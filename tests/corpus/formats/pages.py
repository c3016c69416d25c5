"""Web pages (HTML): what is shown, what is not, and what a script is given."""

from __future__ import annotations

import base64
import json
from random import Random

import pandas as pd

from tests.corpus.formats.zipped import escaped
from tests.corpus.hosts import counts, paragraph
from tests.corpus.model import Carrier, Fair, TableCarrier


def page(body: str, head: str = "") -> bytes:
    """Return a whole page."""
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Results</title>{head}</head>'
        f"<body>\n{body}\n</body></html>\n"
    ).encode()


def _around(inside: str, random: Random, head: str = "") -> bytes:
    table = counts(random).to_html(index=False)
    return page(f"<h1>Results</h1><p>{paragraph(random)}</p>{inside}{table}", head)


def _in_body(
    place: str,
    pattern: str,
    fair: Fair | None = "pass",
    *,
    shown: bool = False,
    head: bool = False,
    limit: int = 1_000_000,
) -> Carrier:
    """Return a carrier that puts the escaped text where the pattern says ``{}``."""

    def write(text: str, random: Random) -> bytes:
        inside = pattern.replace("{}", escaped(text))
        return _around("", random, inside) if head else _around(inside, random)

    return Carrier("html", place, write, fair=fair, open=shown, limit=limit)


def _script(text: str, random: Random) -> bytes:
    data = json.dumps({"labels": ["a", "b"], "n": [210, 340], "note": text})
    return _around(f"<script>const figure = {data}; draw(figure);</script>", random)


def _data_script(text: str, random: Random) -> bytes:
    data = json.dumps({"n": [210, 340], "note": text}).replace("</", "<\\/")
    return _around(f'<script type="application/json">{data}</script>', random)


def _data_address(text: str, random: Random) -> bytes:
    data = base64.b64encode(f"{paragraph(random)}\n{text}\n".encode()).decode()
    return _around(f'<a download="notes.txt" href="data:text/plain;base64,{data}">notes</a>', random)


def _css_content(text: str, random: Random) -> bytes:
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return _around('<p class="n">n</p>', random, f'<style>.n::after {{ content: "{quoted}"; }}</style>')


def _css_comment(text: str, random: Random) -> bytes:
    return _around("", random, f"<style>/* {text} */ table {{ border: 1px; }}</style>")


def _inner_page(text: str, random: Random) -> bytes:
    inner = escaped(f"<p>{escaped(text)}</p>")
    return _around(f'<iframe srcdoc="{inner}"></iframe>', random)


CARRIERS = (
    _in_body("a paragraph", "<p>{}</p>", shown=True),
    _in_body("a list's entry", "<ul><li>All practices</li><li>{}</li></ul>", shown=True),
    _in_body("a comment", "<!-- {} -->"),
    _in_body("a data attribute", '<div data-note="{}"></div>'),
    _in_body("a title attribute", '<span title="{}">n</span>'),
    _in_body("alternative text", '<img alt="{}" src="figure1.png">', "review"),
    _in_body("an element that is not displayed", '<div style="display:none">{}</div>', None),
    _in_body("an element with the hidden attribute", "<div hidden>{}</div>", None),
    _in_body("text of no size", '<span style="font-size:0">{}</span>', None),
    _in_body("text off the screen", '<p style="position:absolute;left:-9999px">{}</p>', None),
    _in_body("a template", "<template><p>{}</p></template>", None),
    _in_body("a noscript element", "<noscript>{}</noscript>", "review"),
    _in_body("a form's hidden field", '<input type="hidden" name="q" value="{}">', None),
    _in_body("a meta element", '<meta name="description" content="{}">', head=True),
    _in_body("an element's id", '<div id="{}"></div>', limit=120),
    _in_body("a drawing's text", '<svg viewBox="0 0 9 9"><text x="1" y="5">{}</text></svg>', "review"),
    Carrier("html", "a script's data", _script, fair="review"),
    Carrier("html", "JSON in a script element", _data_script, fair="review"),
    Carrier("html", "a data: address", _data_address, fair="review"),
    Carrier("html", "CSS content", _css_content, fair=None),
    Carrier("html", "a CSS comment", _css_comment),
    Carrier("html", "a page within the page", _inner_page, fair="review"),
)


def _table(table: pd.DataFrame, random: Random) -> bytes:
    return page(f"<h1>Results</h1><p>{paragraph(random)}</p>{table.to_html(index=False)}")


TABLES = (TableCarrier("html", "a table", _table, limit=60),)
