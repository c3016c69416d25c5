"""Private questions for tests: a study whose data plane answers at once, whatever it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.airlock import open_study
from tests.factories import as_seen_now
from tre.privacy.models import Spend
from tre.projects.models import Extract, Project
from tre.runs.attested import services
from tre.runs.attested.kinds import private
from tre.runs.attested.models import Run

QUERY = {"kind": "count", "table": "people", "by": [{"column": "sex", "values": ["f", "m"]}]}
ROWS = [{"sex": sex, "value": 70, "off": 8.0} for sex in ("f", "m")]
_TABLES = ("people", 90), ("stays", 400)


def study_of_questions() -> Project:
    """Return a study of ann's with an extract of two tables, of which nothing is on disk."""
    made = open_study()
    tables = {"tables": [{"name": name, "rows": rows, "source_version": 1} for name, rows in _TABLES]}
    Extract.objects.create(project=made, number=1, asked_by="mia", ready=True, manifest=tables)
    return made


class Answers:
    """Stands in for the data plane: keeps what it was asked, does what it is told before, and writes these rows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked, self.rows = list[dict[str, Any]](), ROWS
        self.before: Callable[[], object] = lambda: None
        monkeypatch.setattr(private, "run_job", self)

    def __call__(self, name: str, spec: Mapping[str, Any], **_: object) -> dict[str, Any]:
        self.asked.append({"job": name, **spec})
        self.before()
        out = Path(spec["out"])
        (out / "answer.json").write_text(json.dumps({"rows": self.rows}))
        (out / "answer.csv").write_text("sex,value,off\nf,70,8.0\nm,70,8.0\n")
        return {"confidence": 0.95}


def ask(study: Project, once: str = "one", query: object = None, epsilon: object = 0.5) -> Run:
    """Ask a question as ann."""
    spec = {"query": QUERY if query is None else query, "epsilon": epsilon, "delta": 1e-6, "purpose": "How many"}
    return services.ask(as_seen_now("ann"), study, "private", spec, once)


def states() -> list[str]:
    """Return where each spend stands, in their order."""
    return list(Spend.objects.order_by("pk").values_list("state", flat=True))
