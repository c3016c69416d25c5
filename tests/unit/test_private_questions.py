"""Private questions: priced, paid for once, answered by the platform alone, and never told to another project."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from tests.airlock import open_study, work
from tests.factories import as_seen_now
from tests.unit.test_workspace_api import token
from tre.errors import Refused
from tre.privacy import questions
from tre.privacy.composition import epsilon_at
from tre.privacy.models import Ledger, Question, Spend
from tre.privacy.services import pay, refund, settle_own, spent
from tre.projects.models import Extract, Project
from tre.runs.runner import JobRefused
from tre.workspace.client import private
from tre.workspace.client.door import PlatformError

pytestmark = pytest.mark.django_db
QUERY = {"kind": "count", "table": "people", "by": [{"column": "sex", "values": ["f", "m"]}]}
ANSWER = {"kind": "count", "confidence": 0.95, "noise": 4.0,
          "cells": [{"by": {"sex": sex}, "value": 70, "off": 8.0} for sex in ("f", "m")]}  # fmt: skip


@pytest.fixture
def study() -> Project:
    made = open_study()
    tables = {"tables": [{"name": "people", "rows": 90}, {"name": "stays", "rows": 400}]}
    Extract.objects.create(project=made, number=1, asked_by="mia", ready=True, manifest=tables)
    return made


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Return what the data plane was asked; it answers always."""
    told: list[dict[str, Any]] = []

    def run_job(name: str, spec: dict[str, Any], *_: object) -> dict[str, Any]:
        told.append({"job": name, **spec})
        return ANSWER

    monkeypatch.setattr(questions, "run_job", run_job)
    return told


def ask(study: Project, once: str = "one", query: object = None, epsilon: object = 0.5) -> Question:
    return questions.ask(
        study, QUERY if query is None else query, epsilon=epsilon, delta=1e-6, purpose="How many", once=once,
        actor=as_seen_now("ann"),
    )  # fmt: skip


def lost(study: Project) -> Decimal:
    return spent(Ledger.objects.get(project=study)).epsilon


def test_a_question_is_paid_for_and_answered(study: Project, asked: list[dict[str, Any]]):
    made = ask(study)
    assert made.state == "waiting"
    before = lost(study)
    assert before > 0
    work()
    made.refresh_from_db()
    assert (made.state, made.answer) == ("answered", ANSWER)
    assert made.spend.state == Spend.State.COMMITTED
    assert lost(study) == before
    (job,) = asked
    assert (job["job"], job["query"], job["rows"]) == ("private", QUERY, 400)
    assert job["folder"].endswith(f"{study.code}/extracts/1")
    assert epsilon_at(questions.gaussian(0.5, 1e-6), Decimal("0.000001")) <= Decimal("0.5")
    assert job["noise"] == questions.gaussian(0.5, 1e-6).noise
    assert str(made).startswith("question ")


def test_a_question_that_is_refused_costs_nothing(study: Project, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise JobRefused("The table has no such column", where="colour")

    monkeypatch.setattr(questions, "run_job", refuse)
    made = ask(study)
    work()
    made.refresh_from_db()
    assert (made.state, made.why) == ("refused", "The table has no such column (colour).")
    assert made.spend.state == Spend.State.REFUNDED
    assert lost(study) == 0


def test_an_extract_that_is_over_is_not_asked(study: Project, asked: list[dict[str, Any]]):
    made = ask(study)
    Extract.objects.update(held=True)
    work()
    made.refresh_from_db()
    assert (made.state, asked) == ("refused", [])
    with pytest.raises(Refused, match="no extract"):
        ask(study, "two")


def test_the_same_question_is_asked_once(study: Project, asked: list[dict[str, Any]]):
    first = ask(study)
    work()
    before = lost(study)
    assert ask(study).pk == first.pk
    work()
    questions.answer({"question": first.pk})
    assert len(asked) == 1
    assert lost(study) == before
    with pytest.raises(Refused, match="Another question"):
        ask(study, query={**QUERY, "table": "stays"})


def test_of_two_workers_one_answer_is_kept(study: Project, asked: list[dict[str, Any]]):
    made = ask(study)
    questions._end(made.pk, Question.State.ANSWERED, answer=ANSWER)
    questions._end(made.pk, Question.State.ANSWERED, answer={"other": 1})
    questions._end(made.pk, Question.State.REFUSED, why="late")
    made.refresh_from_db()
    assert (made.answer, made.state) == (ANSWER, "answered")


def test_what_is_not_covered_or_no_question_takes_nothing(study: Project):
    for wrong in (1000, 0, "much", None):
        with pytest.raises(Refused):
            ask(study, epsilon=wrong)
    for query in ([], "count", {"a": "x" * 30_000}):
        with pytest.raises(Refused, match="JSON object"):
            ask(study, query=query)
    assert Spend.objects.count() == Question.objects.count() == 0
    with pytest.raises(Refused):
        questions.ask(study, QUERY, epsilon=1, delta=1e-6, purpose="", once="x", actor=as_seen_now("cat"))


def test_what_a_question_cost_pays_for_no_model_and_is_settled_by_the_platform_alone(
    study: Project, asked: list[dict[str, Any]]
):
    made = ask(study, epsilon=2)
    work()
    by = questions.gaussian(2, 1e-6)
    with pytest.raises(Refused, match="No unused spend"):
        pay(study, epsilon=1, delta=1e-6, model="a" * 64, actor="airlock", by=by)
    with pytest.raises(Refused, match="committed already"):
        refund(study, made.spend.pk, as_seen_now("ann"))
    notebook = Spend(origin=Spend.Origin.NOTEBOOK, ledger=made.spend.ledger)
    with pytest.raises(Refused, match="settles what it took itself"):
        settle_own(notebook, used=False)


def test_a_quote_takes_nothing(study: Project):
    told = questions.quote(study, 0.5, 1e-6, cells=4)
    assert told.off == pytest.approx(2 * 1.96 * told.noise)
    assert all(each.covered for each in told.prices)
    assert lost(study) == 0
    assert questions.quote(study, 0.05, 1e-6).noise > 5 * told.noise


@pytest.fixture
def door(study: Project, monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Let the notebook's verbs call the platform's views as ann's workspace; whatever is asked is answered at once."""
    held = {"HTTP_AUTHORIZATION": f"Bearer {token()}"}

    def call(method: str, path: str, json: object = None) -> dict[str, Any]:
        work()
        return told(getattr(Client(), method.lower())(f"/api/workspace/{path}", data=json, **more(json), **held))

    def more(json: object) -> dict[str, str]:
        return {"content_type": "application/json"} if json is not None else {}

    def told(answer: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(answer.content)
        if answer.status_code >= 400:
            raise PlatformError(found["error"])
        return found

    monkeypatch.setattr(private, "call", call)
    monkeypatch.setattr(private, "_EVERY_SECONDS", 0.0)
    return call


def test_a_notebook_asks_and_reads_a_table(door, study: Project, asked: list[dict[str, Any]], capsys):
    frame = private.count("people", by={"sex": ["f", "m"]}, epsilon=0.5, where={"alive": [True]}, cells=2)
    assert frame.to_dict("list") == {"sex": ["f", "m"], "value": [70, 70], "off": [8.0, 8.0]}
    assert "Asked with epsilon 0.5, which adds" in capsys.readouterr().out
    assert asked[0]["query"] == {
        **QUERY, "where": [{"column": "alive", "values": ["True"]}], "cells": 2,
    }  # fmt: skip
    told = private.price(0.5)
    assert told.off is not None
    assert {each["scope"] for each in told} == {"project", "dataset", "population"}


def test_every_verb_asks_its_question(door, study: Project, asked: list[dict[str, Any]]):
    bounds: dict[str, Any] = {"low": 0, "high": 9, "epsilon": 0.1}
    private.sum("stays", "days", **bounds)
    private.mean("stays", "days", **bounds)
    private.table("people", by={"sex": ["f"], "ward": ["a"]}, epsilon=0.1)
    assert [each["query"]["kind"] for each in asked] == ["sum", "mean", "table"]


def test_steps_and_quantiles_are_rows(door, study: Project, monkeypatch: pytest.MonkeyPatch):
    cells = [
        {"by": {}, "values": [{"quantile": 0.5, "value": 3.0}], "off": 0.1},
        {"by": {}, "values": None, "off": None},
    ]
    monkeypatch.setattr(questions, "run_job", lambda *_: {"cells": cells})
    frame = private.quantiles("stays", "days", low=0, high=9, epsilon=0.1)
    assert frame["value"].tolist()[0] == 3.0
    assert frame["value"].isna().tolist() == [False, True]
    assert len(private.histogram("stays", "days", edges=[0, 1], epsilon=0.1)) == 2


def test_a_notebook_is_told_why_there_is_no_answer(door, study: Project, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise JobRefused("The extract has no such table", where="wards")

    monkeypatch.setattr(questions, "run_job", refuse)
    with pytest.raises(PlatformError, match="no such table"):
        private.count("wards", epsilon=0.1)
    with pytest.raises(PlatformError, match="has no colour"):
        private.count("people", epsilon=0.1, colour=3)
    with pytest.raises(PlatformError, match="in 1 to 10,000 cells"):
        private.price(0.1, cells=0)
    assert lost(study) == 0
