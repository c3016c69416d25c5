"""Attested runs: how each stands and what it made, by hash. A notebook could have worded the rest: see `words`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ninja import Schema
from pydantic import Field

from tre.api.told.common import Number, Sha256
from tre.policy.decision import decide
from tre.policy.domain import Principal
from tre.runs.attested.domain import TRANSITIONS, UNDER_WAY
from tre.runs.attested.models import Run
from tre.runs.attested.services import reads_words
from tre.runs.attested.statement import made_from


class RunRow(Schema):
    """An attested run in a list: how it stands, the SHA-256 of what it made, and nothing that it was asked."""

    run: Number
    kind: str
    state: str
    error: str
    author: str
    extract: Number
    asked: datetime
    ended: datetime | None
    outputs: list[Sha256]

    @classmethod
    def of(cls, run: Run, *, words: bool) -> RunRow:
        """Return a run as a list tells it, with what a notebook could have worded or without."""
        shown = run.outputs.all() if words or run.kind != "notebook" else ()
        error = run.error if words or not run.error else "The workspace tells why."
        return cls(
            run=run.pk, kind=run.kind, state=run.state, error=error, author=run.author.username,
            extract=run.extract.number, asked=run.asked, ended=run.ended, outputs=[each.sha256 for each in shown],
        )  # fmt: skip


class Material(Schema):
    """One thing that a run's outputs were made from."""

    name: str
    sha256: Sha256


class RunTold(RunRow):
    """One attested run."""

    project: str
    step: str = Field(description="What it does now.")
    attempt: int
    began: datetime | None
    log: list[str] = Field(
        description="Its course, once inspection let it through; none of a notebook's for its people."
    )
    made_from: list[Material]
    specification: dict[str, Any] | None = Field(description="None for who works in the project: they know it there.")
    may: list[str] = Field(description="What the caller may do about it now: cancel, retry.")

    @classmethod
    def seen(cls, run: Run, person: Principal) -> RunTold:
        """Return a run as a person sees it."""
        words = reads_words(run.project, person.username)
        told = words or run.kind != "notebook"
        asks = decide(person, "ask_run", run.project.resource()).allowed
        may = {"cancel": run.state in UNDER_WAY, "retry": (run.state, "retry") in TRANSITIONS}
        return cls(
            **RunRow.of(run, words=words).model_dump(), project=run.project.code, step=run.step if told else "",
            attempt=run.attempt, began=run.began, log=list(run.log) if told else [],
            made_from=[Material(name=name, sha256=sha256) for name, sha256 in made_from(run.attestation)],
            specification=run.spec if words else None, may=[act for act, offer in may.items() if asks and offer],
        )  # fmt: skip
