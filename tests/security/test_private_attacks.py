"""From the seat of a researcher who wants to learn of one person by private questions."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from spark_jobs.errors import JobRefused
from spark_jobs.noisy.query import Query
from tests.airlock import work
from tests.factories import as_seen_now, person, project
from tests.questions import Answers, ask, states, study_of_questions
from tests.unit.test_workspace_api import token
from tre.errors import Refused
from tre.privacy.models import Spend
from tre.privacy.services import ledgers_of
from tre.projects.models import Extract, Project
from tre.runs.attested import services
from tre.runs.attested.models import Run

QUERY = {"kind": "count", "table": "people", "where": [{"column": "birth_year", "values": ["1931"]}]}
DATABASE = pytest.mark.django_db(transaction=True)  # whether it is still wanted is asked from a thread of its own


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch) -> Project:
    Answers(monkeypatch)
    return study_of_questions()


@DATABASE
def test_noise_is_not_averaged_away_by_asking_again(study: Project):
    """The same question is asked until a ledger says no; whatever was answered stays within each of them."""
    refused, asked = "", 0
    while not refused and asked < 400:
        try:
            ask(study, f"again-{asked}", QUERY, 1)
        except Refused as error:
            refused = error.sentence()
        else:
            work()
            asked += 1
    assert "does not cover" in refused
    assert asked > 0
    for ledger in ledgers_of(study):
        assert ledger.lost().delta <= ledger.allowed().delta
    assert Run.objects.filter(state="done").count() == asked
    assert Spend.objects.filter(state="committed").count() == asked


@DATABASE
def test_one_spend_tells_one_answer(study: Project):
    """Asked again by the same name, whether the first is answered or not, nothing is told that was not paid for."""
    first = ask(study, "one", QUERY)
    work()
    assert ask(study, "one", QUERY).pk == first.pk
    with pytest.raises(Refused, match="another specification"):
        ask(study, "one", {**QUERY, "where": []})


@DATABASE
def test_another_project_s_answer_is_not_read(study: Project):
    made = ask(study)
    work()
    person("zoe", "researcher")
    Extract.objects.create(
        project=project("other", "zoe"), number=1, asked_by="mia", ready=True, manifest={"tables": []}
    )
    hers = {"Authorization": f"Bearer {token('zoe', 'other')}"}
    for address in (f"runs/{made.pk}", f"runs/{made.pk}/files/{made.outputs.get(name='answer.json').pk}"):
        answer = Client().get(f"/api/workspace/{address}", headers=hers)
        assert "no such run" in json.loads(answer.content)["error"]


@DATABASE
def test_who_cancels_a_question_that_was_looked_into_has_no_answer_and_no_budget_back(study: Project, monkeypatch):
    """Who cancels once the data was looked at has no answer and no budget back: how long it took is paid for too."""
    answers = Answers(monkeypatch)
    made = ask(study)
    answers.before = lambda: services.cancel(made.pk, as_seen_now("ann"))
    work()
    assert states() == ["committed"]
    assert not made.outputs.exists()
    assert Run.objects.get(pk=made.pk).attestation == {}


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
