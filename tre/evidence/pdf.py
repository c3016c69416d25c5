"""The pack as one PDF that is tagged for assistive technology (PDF/UA-1, ISO 14289-1), set by Typst.

What is told goes to Typst as data, never as markup: no text of it is read as a command. Its own fonts are used and no
other, so that a pack looks alike wherever it is made.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import typst
from django.conf import settings
from django.utils import timezone

from tre.evidence.content import Document
from tre.evidence.domain import STANDINGS, Result
from tre.evidence.pages import Line, capabilities, summary
from tre.evidence.statements import Specification

_TEMPLATE = Path(__file__).with_name("pack.typ")
_STANDARD: Literal["ua-1"] = "ua-1"


def printed(asked: Specification, at: datetime, results: Sequence[Result], documents: Sequence[Document]) -> bytes:
    """Return the whole pack as a PDF."""
    local = timezone.localtime(at)
    told = {
        "site": settings.SITE_NAME,
        "title": f"Evidence of {local.day} {local:%B %Y}",
        "at": f"{local.day} {local:%B %Y %H:%M}",
        "date": [local.year, local.month, local.day],
        "specification": asked.name,
        "attribution": asked.attribution,
        "source": asked.source,
        "standings": [each.capitalize() for each in STANDINGS],
        "summary": [[name, *map(str, counted.values())] for name, counted in summary(results)],
        "capabilities": [
            {"name": name, "lines": [_line(each) for each in lines]} for name, lines in capabilities(results, documents)
        ],
        "documents": [each.to_json() for each in documents],
    }
    made: bytes = typst.compile(
        _TEMPLATE, sys_inputs={"told": json.dumps(told)}, pdf_standards=[_STANDARD], ignore_system_fonts=True
    )
    return made


def _line(line: Line) -> dict[str, Any]:
    result, statement = line.result, line.result.statement
    when = f"{timezone.localtime(result.at):%H:%M:%S}" if result.at else ""
    only = f", {statement.only}" if statement.only else ""
    own = [f"{each.name}, SHA-256 {each.sha256}" for each in result.own]
    wanted = [f"The operator's document: {statement.document}"] if statement.document and not own else own
    return {
        "number": statement.number,
        "title": statement.title,
        "importance": f"{statement.importance.capitalize()}{only}",
        "said": line.said,
        "detail": f"{result.detail}." if result.outcome else "",
        "looked": f"The check, at {when}: {result.looked_at}" if result.outcome else "",
        "documents": [*(f"Document: {each.title}" for each in line.documents), *wanted],
    }
