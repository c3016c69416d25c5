"""A training that the platform carries out: paid for once, however often its worker dies."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest
from django.db import transaction

from ml.spec import Category, Numeric, TrainingSpec
from tests.airlock import inspected, quick_inspection
from tests.factories import as_seen_now
from tests.runs import Place, ask, carried_out, content, make_warehouse
from tre.airlock import attacks
from tre.errors import Refused
from tre.keys.custody import custody
from tre.privacy.models import Ledger, Spend
from tre.privacy.services import spent
from tre.runs.attested import jobs, lookup, services
from tre.runs.attested.models import Run
from tre.runs.attested.statement import verify
from tre.runs.runner import JobFailed, JobStopped

pytestmark = [pytest.mark.django_db, pytest.mark.spark]
SPEC = TrainingSpec(
    "pseudonym", "old", (Numeric("birth_year", 1900, 2020),), (Category("sex", ("1", "2")),), epsilon=1.0, delta=1e-6,
    steps=20, batch=64,
)  # fmt: skip
QUERY = "SELECT pseudonym, sex, birth_year, if(birth_year < 1940, 1, 0) AS old FROM people"


@pytest.fixture(scope="module")
def warehouse(spark, tmp_path_factory):
    return make_warehouse(spark, tmp_path_factory.mktemp("warehouse"))


@pytest.fixture
def place(monkeypatch, spark, warehouse):
    return Place(monkeypatch, spark, warehouse)


def train(study, query: str = QUERY, spec: TrainingSpec = SPEC, once: str = "a") -> Run:
    told = {"query": query, "training": spec.to_json(), "name": "old-age", "purpose": "To learn how."}
    return ask(study, told, "training", once)


def spends() -> list[tuple[str, str, str]]:
    return list(Spend.objects.order_by("pk").values_list("state", "origin", "by"))


def test_a_model_is_trained_paid_for_and_signed(place):
    study = place.study()
    run = carried_out(train(study))
    assert (run.state, run.error) == ("done", "")
    names = set(run.outputs.values_list("name", flat=True))
    assert "old-age/weights.safetensors" in names
    assert spends() == [("committed", "platform", "ann")]
    assert json.loads(content(run, "old-age/model.json"))["data_version"] == "frailty, extract 1"
    key = custody().signing_key("attestation").public_key()
    for output in run.outputs.all():
        told = verify(run.attestation, key, output.sha256)
        assert told["predicate"]["buildDefinition"]["internalParameters"]["epsilon"] <= 1.0
        assert not lookup.is_safe_table(study, output.sha256)


def test_what_cannot_be_trained_costs_nothing(place):
    study = place.study()
    run = carried_out(train(study, "SELECT pseudonym, sex, birth_year FROM people"))
    assert run.state == "failed"
    assert "lacks a column" in run.error
    assert spends() == [("refunded", "platform", "ann")]
    assert spent(Ledger.objects.get(project=study)).epsilon == 0


def test_what_the_budget_does_not_cover_is_not_begun(place):
    study = place.study()
    run = carried_out(train(study, spec=replace(SPEC, epsilon=19.0)))
    assert run.state == "failed"
    assert [name for name, _ in place.asked] == ["select"]
    assert spends() == []


def test_a_worker_that_dies_in_the_training_pays_once(place):
    study = place.study()
    run = train(study)

    def dies(name: str) -> None:
        if name == "train" and len(place.asked) > 1:  # it was checked and paid for
            raise KeyboardInterrupt

    place.before = dies
    with pytest.raises(KeyboardInterrupt):
        jobs.execute({"run": run.pk})
    assert spends() == [("committed", "platform", "ann")]
    place.before = lambda name: None
    jobs.execute({"run": run.pk})
    assert Run.objects.get(pk=run.pk).state == "done"
    assert spends() == [("committed", "platform", "ann")]
    assert [name for name, _ in place.asked] == ["select", "train", "train"]


def test_cancelled_before_it_is_paid_for_it_costs_nothing_and_after_it_stays_spent(place):
    study = place.study()
    run = train(study)

    def cancels(name: str) -> None:
        if name == "train":
            services.cancel(run.pk, as_seen_now("ann"))
            raise JobStopped("The job was stopped")

    place.before = cancels
    assert carried_out(run).state == "cancelled"
    assert spends() == [("refunded", "platform", "ann")]
    place.before = lambda name: None
    services.retry(run.pk, as_seen_now("ann"))
    assert carried_out(run).state == "done"
    assert spends()[1:] == [("committed", "platform", "ann")]
    with pytest.raises(Refused):
        services.cancel(run.pk, as_seen_now("ann"))


def test_what_a_dead_worker_had_reserved_for_a_cancelled_run_is_given_back(place):
    study = place.study()
    run = train(study)

    def dies(name: str) -> None:
        if name == "train":
            raise KeyboardInterrupt

    place.before = dies
    with pytest.raises(KeyboardInterrupt):
        jobs.execute({"run": run.pk})
    assert spends() == [("reserved", "platform", "ann")]
    services.cancel(run.pk, as_seen_now("ann"))
    jobs.execute({"run": run.pk})
    assert spends() == [("refunded", "platform", "ann")]


def test_a_check_that_ends_without_a_result_costs_nothing(place):
    run = train(place.study())

    def broken(name: str) -> None:
        if name == "train":
            raise JobFailed("The job ended with status -9")

    place.before = broken
    assert carried_out(run).state == "failed"
    assert [state for state, _, _ in spends()] == ["refunded"]


def test_what_workers_that_died_had_reserved_is_given_back(place):
    run = train(place.study())

    def dies(name: str) -> None:
        if name == "train":
            raise KeyboardInterrupt

    place.before = dies
    with pytest.raises(KeyboardInterrupt):
        jobs.execute({"run": run.pk, "attempt": 1})
    with transaction.atomic():
        jobs.abandon({"run": run.pk, "attempt": 1}, "Its worker died five times.")
    assert [state for state, _, _ in spends()] == ["refunded"]


def test_an_attempt_that_was_given_up_neither_ends_the_next_nor_keeps_its_money(place):
    run = train(place.study())

    def dies(name: str) -> None:
        if name == "train":
            raise KeyboardInterrupt

    place.before = dies
    with pytest.raises(KeyboardInterrupt):
        jobs.execute({"run": run.pk, "attempt": 1})
    services.cancel(run.pk, as_seen_now("ann"))
    services.retry(run.pk, as_seen_now("ann"))
    place.before = lambda name: None
    jobs.execute({"run": run.pk, "attempt": 1})  # its lease ran out: another worker takes it up
    assert Run.objects.get(pk=run.pk).state == "queued"
    assert [state for state, _, _ in spends()] == ["refunded"]
    with transaction.atomic():
        jobs.abandon({"run": run.pk, "attempt": 1}, "Its worker died five times.")
    assert carried_out(run).state == "done"
    assert [state for state, _, _ in spends()] == ["refunded", "committed"]


def test_a_worker_that_was_away_while_a_run_was_asked_for_anew_ends_nothing(place):
    run = train(place.study())

    def anew(name: str) -> None:
        services.cancel(run.pk, as_seen_now("ann"))
        services.retry(run.pk, as_seen_now("ann"))
        Run.objects.filter(pk=run.pk).update(state="running")
        place.before = lambda name: None

    place.before = anew
    jobs.execute({"run": run.pk, "attempt": 1})
    assert Run.objects.get(pk=run.pk).state == "running"
    assert not run.outputs.exists()


def test_a_specification_that_the_learning_plane_refuses_fails_in_one_sentence(place):
    study = place.study()
    told = {"query": QUERY, "training": {**SPEC.to_json(), "model": "forest"}, "name": "x", "purpose": "p"}
    run = carried_out(ask(study, told, "training"))
    assert run.state == "failed"
    assert "the model must be one of" in run.error
    assert [state for state, _, _ in spends()] == ["refunded"]


def test_a_model_of_a_run_is_attacked_on_the_very_table_that_trained_it(place, monkeypatch):
    study, asked = place.study(), list[dict]()
    run = carried_out(train(study))

    def run_job(name: str, spec: dict, **_: object) -> dict:
        (path,) = spec["extracts"]["frailty, extract 1"].values()
        asked.append({"job": name, "columns": list(pd.read_parquet(path).columns)})
        return {"level": "nothing"}

    monkeypatch.setattr(attacks, "run_job", run_job)
    quick_inspection(monkeypatch)
    files = [(name, content(run, name)) for name in run.outputs.values_list("name", flat=True)]
    request = inspected(study, *files)
    assert asked == [{"job": "attack", "columns": ["pseudonym", "sex", "birth_year", "old"]}]
    weights = next(file for file in request.held() if file.name.endswith("weights.safetensors"))
    assert attacks.attack_report(weights) == {"level": "nothing"}
