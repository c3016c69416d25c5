"""Vector drawings (SVG)."""

from __future__ import annotations

import base64
import io
from random import Random

from PIL import Image, PngImagePlugin

from tests.corpus.formats.zipped import escaped
from tests.corpus.model import Carrier, Fair


def drawing(inside: str, random: Random, root: str = "") -> bytes:
    """Return a bar chart with something more in it."""
    bars = "".join(
        f'<rect x="{20 + 40 * place}" y="{200 - height}" width="30" height="{height}" fill="#005eb8"/>'
        for place, height in enumerate(random.randrange(40, 180) for _ in range(5))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" '
        f'xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 240 240"{root}>{bars}{inside}</svg>\n'
    ).encode()


def _put(
    place: str, pattern: str, fair: Fair | None = "review", *, shown: bool = False, limit: int = 1_000_000
) -> Carrier:
    def write(text: str, random: Random) -> bytes:
        return drawing(pattern.replace("{}", escaped(text)), random)

    return Carrier("svg", place, write, fair=fair, open=shown, limit=limit)


def _letters(text: str, random: Random) -> bytes:
    parts = "".join(f'<text x="{8 * place}" y="230">{escaped(mark)}</text>' for place, mark in enumerate(text))
    return drawing(parts, random)


def _root(text: str, random: Random) -> bytes:
    return drawing("", random, f' data-source="{escaped(text)}"')


def _embedded(text: str, random: Random) -> bytes:
    picture, out = Image.new("RGB", (40, 20), "white"), io.BytesIO()
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", text)
    picture.save(out, "PNG", pnginfo=notes)
    data = base64.b64encode(out.getvalue()).decode()
    return drawing(f'<image width="40" height="20" xlink:href="data:image/png;base64,{data}"/>', random)


_METADATA = (
    '<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description>{}</dc:description></rdf:RDF></metadata>'
)
CARRIERS = (
    _put("a label", '<text x="20" y="225">{}</text>', shown=True),
    _put("the title", "<title>{}</title>"),
    _put("a description", "<desc>{}</desc>"),
    _put("metadata", _METADATA),
    _put("a comment", "<!-- {} -->"),
    _put("white text", '<text x="20" y="20" fill="white">{}</text>', None),
    _put("text that is not displayed", '<text x="20" y="20" display="none">{}</text>', None),
    _put("text outside the picture", '<text x="-900" y="-900">{}</text>', None),
    _put("text behind a bar", '<text x="20" y="20" opacity="0">{}</text>', None),
    _put("an element's id", '<g id="{}"></g>', limit=120),
    _put("a style sheet", '<style>.a { --note: "{}"; }</style>'),
    Carrier("svg", "a label letter by letter", _letters, fair="review"),
    Carrier("svg", "a data attribute of the root", _root, fair="review"),
    Carrier("svg", "an embedded picture's metadata", _embedded, fair="review"),
)
