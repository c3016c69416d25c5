"""The pack's pages: each stands alone, with its styles in it and without a script, and asks nothing of any network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import groupby

from django.conf import settings
from django.template.loader import render_to_string

from tre.config.options import REPOSITORY
from tre.evidence.content import Document
from tre.evidence.domain import BY_DOCUMENT, IMPORTANCES, IN_PART, MISSING, STANDINGS, Result, counts
from tre.evidence.statements import Specification

_STYLES = (
    REPOSITORY / "node_modules" / "nhsuk-frontend" / "dist" / "nhsuk" / "nhsuk-frontend.min.css",
    REPOSITORY / "tre" / "web" / "static" / "tre" / "tre.css",
)
# The design system's font comes from a server of the NHS, and its pictures from beside it: a pack asks nobody.
_FONTS, _PICTURES = re.compile(r"@font-face\s*{[^}]*}"), re.compile(r"url\((?!\s*[\"']?data:)[^)]*\)")
RESULTS, INDEX, PRINTED, BILL = "results.json", "index.html", "evidence.pdf", "sbom.cdx.json"  # of a pack
TAGS = {
    "met": "green",
    "not met": "red",
    "not shown": "yellow",
    BY_DOCUMENT: "blue",
    IN_PART: "aqua-green",
    MISSING: "orange",
}


@cache
def styles() -> str:
    """Return the style sheets as one text that refers to nothing."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in _STYLES)
    return _PICTURES.sub("none", _FONTS.sub("", text))


@dataclass(frozen=True)
class Line:
    """One statement as it is shown: its result, the colour of its tag, what that says, and the documents beside it."""

    result: Result
    colour: str
    said: str
    documents: tuple[Document, ...]


def line(result: Result, documents: Sequence[Document]) -> Line:
    """Return how a result is shown, with those of the pack's documents that tell of it."""
    beside = tuple(each for each in documents if each.name in result.statement.generated)
    return Line(result, TAGS[result.standing], result.standing.capitalize(), beside)


def capabilities(results: Sequence[Result], documents: Sequence[Document]) -> list[tuple[str, list[Line]]]:
    """Return the results by capability, in the specification's order, the capability's number before its name."""

    def of(result: Result) -> str:
        return f"{result.statement.number.rpartition('.')[0]} {result.statement.capability}"

    return [(name, [line(each, documents) for each in those]) for name, those in groupby(results, of)]


def summary(results: Sequence[Result]) -> list[tuple[str, dict[str, int]]]:
    """Return how many statements of each importance have which outcome."""
    return [(importance.capitalize(), counts(results, importance)) for importance in IMPORTANCES]


def index(asked: Specification, at: datetime, results: Sequence[Result], documents: Sequence[Document]) -> str:
    """Return the pack's first page."""
    told = {
        "specification": asked,
        "capabilities": capabilities(results, documents),
        "summary": summary(results),
        "standings": [each.capitalize() for each in STANDINGS],
        "documents": documents,
        "files": {"printed": PRINTED, "results": RESULTS, "bill": BILL},
    }
    return _page("evidence/index.html", at, told)


def document(told: Document, at: datetime) -> str:
    """Return the page of a generated document."""
    return _page("evidence/document.html", at, {"document": told, "index": f"../{INDEX}"})


def _page(template: str, at: datetime, told: dict[str, object]) -> str:
    own = {"styles": styles(), "at": at, "site_name": settings.SITE_NAME}
    return render_to_string(template, {**own, **told})
