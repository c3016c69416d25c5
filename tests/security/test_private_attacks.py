"""From the seat of a researcher who wants to learn of one person by private questions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from spark_jobs.errors import JobRefused
from spark_jobs.noisy.query import Query
from tests.airlock import open_study, work
from tests.factories import as_seen_now, person, project
from tests.unit.test_workspace_api import token
from tre.errors import Refused
from tre.privacy import questions
from tre.privacy.models import Question, Spend
from tre.privacy.services import ledgers_of
from tre.projects.models import Extract, Project

QUERY = {"kind": "count", "table": "people", "where": [{"column": "birth_year", "values": ["1931"]}]}


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Project:
    made = open_study()
    tables = {"tables": [{"name": "people", "rows": 90}]}
    Extract.objects.create(project=made, number=1, asked_by="mia", ready=True, manifest=tables)
    monkeypatch.setattr(questions, "run_job", lambda *_: {"cells": []})
    return made


def ask(study: Project, once: str, query: object = QUERY) -> Question:
    told: dict[str, Any] = {"epsilon": 1, "delta": 1e-6, "purpose": "", "once": once}
    return questions.ask(study, query, actor=as_seen_now("ann"), **told)


@pytest.mark.django_db
def test_noise_is_not_averaged_away_by_asking_again(study: Project):
    """The same question is asked until a ledger says no; whatever was answered stays within each of them."""
    refused, asked = "", 0
    while not refused and asked < 400:
        try:
            ask(study, f"again-{asked}")
        except Refused as error:
            refused = error.sentence()
        else:
            work()
            asked += 1
    assert "does not cover" in refused
    assert asked > 0
    for ledger in ledgers_of(study):
        assert ledger.lost().delta <= ledger.allowed().delta
    assert Question.objects.filter(state="answered").count() == asked
    assert Spend.objects.filter(state="committed").count() == asked


@pytest.mark.django_db
def test_one_spend_tells_one_answer(study: Project):
    """Asked again by the same name, whether the first is answered or not, nothing is told that was not paid for."""
    first = ask(study, "one")
    work()
    assert ask(study, "one").pk == first.pk
    with pytest.raises(Refused, match="Another question"):
        ask(study, "one", {**QUERY, "where": []})


@pytest.mark.django_db
def test_another_project_s_answer_is_not_read(study: Project):
    made = ask(study, "one")
    person("zoe", "researcher")
    Extract.objects.create(
        project=project("other", "zoe"), number=1, asked_by="mia", ready=True, manifest={"tables": []}
    )
    answer = Client().get(
        f"/api/workspace/private/{made.pk}", headers={"Authorization": f"Bearer {token('zoe', 'other')}"}
    )
    assert "no such question" in json.loads(answer.content)["error"]


@pytest.mark.parametrize(
    "told",
    [
        {"unit": "row"}, {"sensitivity": 0.001}, {"noise": 0}, {"table": "../../other/extracts/1/people"},
        {"cells": 10**9}, {"kind": "sum", "column": "birth_year", "low": 1931, "high": 1931},
        {"kind": "mean", "column": "birth_year", "low": float("nan"), "high": 1},
    ],
)  # fmt: skip
def test_a_question_that_would_change_what_a_person_may_move_is_refused(told: dict[str, object]):
    with pytest.raises(JobRefused, match="question"):
        Query.from_json({**QUERY, **told})
