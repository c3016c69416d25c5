"""Private questions: priced, paid for once however workers die, answered and signed by the platform alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from tests.airlock import work
from tests.factories import as_seen_now
from tests.questions import QUERY, ROWS, Answers, ask, states, study_of_questions
from tests.unit.test_workspace_api import token
from tre.airlock.storage import storage
from tre.errors import Refused
from tre.keys.custody import custody
from tre.privacy import questions
from tre.privacy.composition import epsilon_at
from tre.privacy.models import Ledger, Spend
from tre.privacy.reconciliation import reconcile
from tre.privacy.services import pay, refund, settle_own, spent
from tre.projects.models import Extract, Project
from tre.runs.attested import jobs, lookup, services
from tre.runs.attested.models import Run, RunOutput
from tre.runs.attested.statement import kind_of, verify
from tre.runs.models import Job
from tre.runs.queue import SLOW
from tre.runs.runner import JobFailed, JobRefused, JobStopped
from tre.workspace.client import private, running
from tre.workspace.client.door import PlatformError

pytestmark = pytest.mark.django_db(transaction=True)  # whether it is still wanted is asked from a thread of its own


@pytest.fixture
def study() -> Project:
    return study_of_questions()


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    return Answers(monkeypatch)


def worked(run: Run) -> Run:
    work()
    return Run.objects.get(pk=run.pk)


def lost(study: Project) -> Decimal:
    return spent(Ledger.objects.get(project=study)).epsilon


def raises(error: BaseException) -> Callable[[], None]:
    def throw() -> None:
        raise error

    return throw


def test_a_question_is_paid_for_answered_and_signed(study: Project, answers: Answers):
    made = ask(study)
    assert made.state == "queued"
    assert states() == ["reserved"]
    before = lost(study)
    assert before > 0
    made = worked(made)
    assert (made.state, made.error) == ("done", "")
    assert states() == ["committed"]
    assert lost(study) == before
    (job,) = answers.asked
    assert (job["job"], job["query"]) == ("private", QUERY)
    assert job["extract"].endswith(f"{study.code}/extracts/1")
    assert job["noise"] == questions.gaussian(0.5, 1e-6).noise
    assert epsilon_at(questions.gaussian(0.5, 1e-6), Decimal("0.000001")) <= Decimal("0.5")
    for output in made.outputs.all():
        told = verify(made.attestation, custody().signing_key("attestation").public_key(), output.sha256)
        internal = told["predicate"]["buildDefinition"]["internalParameters"]
        assert (kind_of(told), internal["confidence"]) == ("private", 0.95)
        assert (internal["epsilon"], internal["mechanism"]["kind"]) == ("0.500000", "gaussian")
        assert lookup.attested(study, output.sha256) == output
        assert not lookup.is_safe_table(study, output.sha256)
    assert json.loads(b"".join(storage().chunks(made.outputs.get(name="answer.json").sha256)))["rows"] == ROWS
    reconcile()


def test_somebody_waits_for_it_so_no_training_stands_before_it(study: Project):
    ask(study)
    assert not Job.objects.get(payload__has_key="run").kind.startswith(SLOW)


def test_a_question_that_is_refused_costs_nothing(study: Project, answers: Answers):
    answers.before = raises(JobRefused("The table has no such column", where="colour"))
    made = worked(ask(study))
    assert (made.state, made.error) == ("failed", "The table has no such column (colour).")
    assert states() == ["refunded"]
    assert lost(study) == 0
    answers.before = lambda: None
    services.retry(made.pk, as_seen_now("ann"))
    assert worked(made).state == "done"
    assert states() == ["refunded", "committed"]


@pytest.mark.parametrize("error", [JobFailed("The job ended with status -9"), JobStopped("The job was stopped")])
def test_what_may_have_looked_at_somebody_is_spent(study: Project, answers: Answers, error: Exception):
    answers.before = raises(error)
    assert worked(ask(study)).state == "failed"
    assert states() == ["committed"]


def test_a_worker_that_dies_pays_once(study: Project, answers: Answers):
    made = ask(study)
    answers.before = raises(KeyboardInterrupt())
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            jobs.execute({"run": made.pk, "attempt": 1})
    assert states() == ["reserved"]
    answers.before = lambda: None
    assert worked(made).state == "done"
    assert states() == ["committed"]


def test_what_a_dead_worker_may_have_looked_at_is_spent_though_the_next_one_refuses(study: Project, answers: Answers):
    made = ask(study)
    answers.before = raises(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        jobs.execute({"run": made.pk, "attempt": 1})
    Extract.objects.update(held=True)
    assert worked(made).state == "failed"
    assert states() == ["committed"]


def test_a_question_whose_workers_all_died_is_spent_and_one_that_never_began_is_not(study: Project, answers: Answers):
    begun, waiting = ask(study), ask(study, "two")
    answers.before = raises(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        jobs.execute({"run": begun.pk, "attempt": 1})
    for made in (begun, waiting):
        with transaction.atomic():
            jobs.abandon({"run": made.pk, "attempt": 1}, "Its worker died five times.")
    assert states() == ["committed", "refunded"]


def test_cancelled_before_it_began_it_costs_nothing_and_after_it_is_spent(study: Project, answers: Answers):
    made = ask(study)
    services.cancel(made.pk, as_seen_now("ann"))
    assert states() == ["refunded"]
    assert worked(made).state == "cancelled"
    assert answers.asked == []
    answers.before = lambda: services.cancel(made.pk, as_seen_now("ann"))
    services.retry(made.pk, as_seen_now("ann"))
    assert worked(made).state == "cancelled"
    assert not made.outputs.exists()
    assert states() == ["refunded", "committed"]


def test_an_extract_that_is_over_is_not_asked(study: Project, answers: Answers):
    made = ask(study)
    Extract.objects.update(held=True)
    assert worked(made).state == "failed"
    assert (answers.asked, states()) == ([], ["refunded"])
    with pytest.raises(Refused, match="no extract"):
        ask(study, "two")


def test_the_same_question_is_asked_once(study: Project, answers: Answers):
    first = ask(study)
    work()
    before = lost(study)
    assert ask(study).pk == first.pk
    work()
    jobs.execute({"run": first.pk, "attempt": 1})
    assert len(answers.asked) == 1
    assert lost(study) == before
    with pytest.raises(Refused, match="another specification"):
        ask(study, query={**QUERY, "table": "stays"})


def test_what_is_not_covered_or_no_question_takes_nothing(study: Project):
    for wrong in (1000.0, 0, "much", None, float("nan")):
        with pytest.raises(Refused):
            ask(study, epsilon=wrong)
    for query in ([], "count", {"a": "x" * 30_000}):
        with pytest.raises(Refused, match="not what it has to be"):
            ask(study, query=query)
    assert Spend.objects.count() == Run.objects.count() == 0
    with pytest.raises(Refused):
        services.ask(as_seen_now("cat"), study, "private", {"query": QUERY, "epsilon": 1.0, "delta": 1e-6}, "x")


def test_what_a_question_cost_pays_for_no_model_and_is_settled_by_the_platform_alone(study: Project, answers: Answers):
    ask(study, epsilon=2)
    work()
    spend = Spend.objects.get()
    with pytest.raises(Refused, match="No unused spend"):
        pay(study, epsilon=1, delta=1e-6, model="a" * 64, actor="airlock", by=questions.gaussian(2, 1e-6))
    with pytest.raises(Refused, match="committed already"):
        refund(study, spend.pk, as_seen_now("ann"))
    notebook = Spend(origin=Spend.Origin.NOTEBOOK, ledger=spend.ledger)
    with pytest.raises(Refused, match="settles what it took itself"):
        settle_own(notebook, used=False)


def test_a_quote_takes_nothing(study: Project):
    told = questions.quote(study, 0.5, 1e-6, cells=4)
    assert told.off == pytest.approx(2 * 1.96 * told.noise)
    assert all(each.covered for each in told.prices)
    assert lost(study) == 0
    assert questions.quote(study, 0.05, 1e-6).noise > 5 * told.noise


@pytest.fixture
def door(study: Project, answers: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the notebook's verbs call the platform's views as ann's workspace; whatever is asked is answered at once."""
    held = {"HTTP_AUTHORIZATION": f"Bearer {token()}"}

    def call(method: str, path: str, json: object = None) -> dict[str, Any]:
        work()
        return told(getattr(Client(), method.lower())(f"/api/workspace/{path}", data=json, **more(json), **held))

    def fetch(path: str, target: Any) -> None:
        target.write_bytes(b"".join(Client().get(f"/api/workspace/{path}", **held)))

    def more(json: object) -> dict[str, str]:
        return {"content_type": "application/json"} if json is not None else {}

    def told(answer: Any) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(answer.content)
        if answer.status_code >= 400:
            raise PlatformError(found["error"])
        return found

    for module in (private, running):
        monkeypatch.setattr(module, "call", call)
    monkeypatch.setattr(running, "fetch", fetch)
    monkeypatch.setattr(running, "_LOOK_SECONDS", 0.0)


def test_a_notebook_asks_and_reads_a_table(door: None, study: Project, answers: Answers, capsys):
    frame = private.count("people", by={"sex": ["f", "m"]}, epsilon=0.5, where={"alive": [True]}, cells=2)
    assert frame.to_dict("list") == {"sex": ["f", "m"], "value": [70, 70], "off": [8.0, 8.0]}
    assert "Asked with epsilon 0.5, which adds" in capsys.readouterr().out
    assert answers.asked[0]["query"] == {
        **QUERY, "where": [{"column": "alive", "values": ["True"]}], "cells": 2,
    }  # fmt: skip
    assert Spend.objects.get().purpose == "private count of people"
    told = private.price(0.5)
    assert told.off is not None
    assert {each["scope"] for each in told} == {"project", "dataset", "population"}


def test_every_verb_asks_its_question(door: None, answers: Answers):
    bounds: dict[str, Any] = {"low": 0, "high": 9, "epsilon": 0.1}
    private.sum("stays", "days", **bounds)
    private.mean("stays", "days", **bounds)
    private.quantiles("stays", "days", **bounds)
    private.histogram("stays", "days", edges=[0, 1], epsilon=0.1)
    private.table("people", by={"sex": ["f"], "ward": ["a"]}, epsilon=0.1)
    asked = [each["query"] for each in answers.asked]
    assert [each["kind"] for each in asked] == ["sum", "mean", "quantiles", "histogram", "table"]
    assert [each.get("column") for each in asked] == ["days", "days", "days", "days", None]
    assert asked[3]["edges"] == [0, 1]


def test_a_run_that_is_asked_for_by_itself_is_waited_for_later(door: None, answers: Answers):
    run = running.run_private("count", "people", epsilon=0.1)
    assert (run["kind"], run["state"]) == ("private", "queued")
    assert private.answer(run.wait())["value"].tolist() == [70, 70]
    RunOutput.objects.filter(name="answer.json").update(name="table.csv")
    with pytest.raises(PlatformError, match="answers no private question"):
        private.answer(run)


def test_a_notebook_is_told_why_there_is_no_answer(door: None, study: Project, answers: Answers):
    answers.before = raises(JobRefused("The extract has no such table", where="wards"))
    with pytest.raises(PlatformError, match="no such table"):
        private.count("wards", epsilon=0.1)
    with pytest.raises(PlatformError, match="has no colour"):
        private.count("people", epsilon=0.1, colour=3)
    with pytest.raises(PlatformError, match="in 1 to 10,000 cells"):
        private.price(0.1, cells=0)
    assert lost(study) == 0
