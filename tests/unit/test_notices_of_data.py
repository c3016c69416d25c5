"""What people are told of landing, linkage and privacy budgets: whom it concerns, once, and never a person's value."""

from __future__ import annotations

import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail

from tests.catalogue import built, submission
from tests.factories import as_seen_now, owner, person, project
from tre.catalogue import jobs, telling
from tre.catalogue.contracts import dataset
from tre.catalogue.models import Submission, WarehouseBuild
from tre.catalogue.services import marks, write_build, write_submission
from tre.notices import jobs as sending
from tre.notices.models import Notice
from tre.privacy.models import Ledger, Spend
from tre.privacy.services import refund, reserve
from tre.projects.models import Project
from tre.runs.runner import JobRefused

pytestmark = pytest.mark.django_db
NHS_NUMBER = "9990000042"


@pytest.fixture(autouse=True)
def people() -> None:
    person("mia", "data_manager")
    person("moe", "data_manager")
    person("ann", "researcher")
    owner("ICB", "Office for National Statistics")


def told(who: str) -> list[str]:
    """Return the kinds of what a person was told, oldest first."""
    return list(Notice.objects.filter(account__username=who).order_by("id").values_list("kind", flat=True))


def receipt(identity: str, by: str = "mia") -> dict[str, Any]:
    number = Submission.objects.count() + 1
    return {"submission": identity, "provider": "north", "controller": "ICB", "files": [], "by": by, "number": number}


def refuse(monkeypatch: pytest.MonkeyPatch, tmp_path: Any, provider: str, words: str = "No.") -> None:
    """Have a submission of a provider's refused."""

    def run(name: str, spec: object, *more: object, **named: object) -> dict[str, Any]:
        raise JobRefused(words, where=f"deaths.csv, row 3, {words}")

    monkeypatch.setattr(jobs, "run_job", run)
    monkeypatch.setattr(jobs, "custody", lambda: type("Keys", (), {"derive": lambda self, purpose: b""})())
    with pytest.raises(JobRefused):
        jobs.land(tmp_path, "mia", provider=provider)


def test_a_submission_is_told_once_to_those_who_answer_for_it():
    for _ in range(2):
        write_submission(receipt("june"))
    assert told("owner") == ["submission_landed"]
    assert told("moe") == told("mia") == told("ann") == []
    assert Notice.objects.get().about == "submission:1"


def test_a_refused_one_is_told_to_them_and_to_data_managers_but_not_to_who_sent_it(monkeypatch, tmp_path):
    refuse(monkeypatch, tmp_path, "ons")
    refuse(monkeypatch, tmp_path, "ons")
    assert told("owner") == told("moe") == ["submission_refused"] * 2
    assert told("mia") == told("ann") == []
    assert {each.about for each in Notice.objects.all()} == {"provider:ons"}


def test_of_a_provider_that_the_register_does_not_name_nobody_is_told(monkeypatch, tmp_path):
    """Its name is a folder's, and could be any text."""
    refuse(monkeypatch, tmp_path, NHS_NUMBER)
    assert not Notice.objects.exists()
    assert telling.controllers_of("ons") == ("Office for National Statistics",)


def test_no_notice_and_no_email_holds_what_a_sender_wrote(monkeypatch, tmp_path):
    write_submission(receipt(f"of-{NHS_NUMBER}"))
    refuse(monkeypatch, tmp_path, "ons", f"The number {NHS_NUMBER} is no number")
    assert told("owner") == ["submission_landed", "submission_refused"]
    for once in Notice.objects.values_list("once", flat=True).distinct():
        sending.send({"once": once})
    assert len(mail.outbox) == 3
    written = str(list(Notice.objects.values())) + "".join(each.body + str(each.alternatives) for each in mail.outbox)
    assert NHS_NUMBER not in written
    assert "deaths.csv" not in written


def build(pairs: int, inputs: str) -> WarehouseBuild:
    """Return a build of these submissions that found so many doubtful pairs, the same ones first."""
    doubtful = [
        {"pair": str(uuid.UUID(int=number)), "probability": 0.6, "numbers": "other",
         "agreement": {"forename": NHS_NUMBER}}
        for number in range(pairs)
    ]  # fmt: skip
    result = {
        "linkage": None, "model": None, "shared": [], "doubtful": doubtful, "quarantine": [], "opted_out": 0,
        "filters": {}, "tables": [], "measures": [], "faults": [],
    }  # fmt: skip
    return write_build(result, inputs, "mia", marks())


def test_a_clerical_queue_that_grew_is_told_to_who_may_decide():
    for pairs, inputs in ((2, "a"), (2, "a"), (2, "b"), (1, "c"), (0, "d")):
        build(pairs, inputs)
    assert told("moe") == ["pairs_wait"]
    build(3, "e")
    assert told("moe") == ["pairs_wait"] * 2
    assert told("mia") == told("ann") == told("owner") == []
    assert NHS_NUMBER not in str(list(Notice.objects.values()))


def test_a_build_without_doubtful_pairs_tells_nobody():
    submission("june")
    before = Notice.objects.count()
    built([])
    assert Notice.objects.count() == before


@pytest.fixture
def study() -> Project:
    return project("frailty", "ann")


def take(study: Project, share: object, once: str) -> Spend:
    """Take a share of the project's own budget, in per cent of its epsilon."""
    whole = Ledger.objects.get(project=study).epsilon
    return reserve(
        study, epsilon=whole * Decimal(str(share)) / 100, delta="1e-8", purpose=f"of {NHS_NUMBER}",
        actor=as_seen_now("ann"), once=once, origin=Spend.Origin.PLATFORM,
    )  # fmt: skip


def budgets(who: str) -> list[str]:
    return [each for each in told(who) if each.startswith("budget_")]


def test_a_budget_that_is_nearly_spent_and_one_that_is_are_told_once_each_to_its_people(study):
    take(study, 60, "a")
    assert budgets("ann") == []
    take(study, 25, "b")
    take(study, 4, "c")
    assert budgets("ann") == budgets("mia") == ["budget_nearly"]
    take(study, 10.5, "d")
    assert budgets("ann") == budgets("mia") == ["budget_nearly", "budget_spent"]
    assert budgets("owner") == []
    assert set(Notice.objects.filter(kind__startswith="budget_").values_list("about", flat=True)) == {"project:frailty"}
    assert NHS_NUMBER not in str(list(Notice.objects.values()))


def test_a_spend_that_passes_both_shares_is_told_as_spent_alone(study):
    take(study, 99.5, "a")
    assert budgets("ann") == ["budget_spent"]


def test_the_same_spend_is_told_once_and_a_budget_that_was_given_back_is_told_of_again(study):
    first = take(study, 85, "a")
    take(study, 85, "a")
    assert budgets("ann") == ["budget_nearly"]
    refund(study, first.pk, as_seen_now("ann"))
    take(study, 85, "b")
    assert budgets("ann") == ["budget_nearly"] * 2


def test_a_datasets_budget_is_told_to_those_who_answer_for_it_and_to_no_projects_people(study):
    owner(dataset("people").controller)
    take(study, 10, "a")
    Ledger.objects.filter(scope=Ledger.Scope.DATASET, name="people").update(epsilon=Decimal("1.3"))
    whole = Ledger.objects.get(project=study).epsilon
    take(study, 100 * Decimal("0.05") / whole, "b")
    assert budgets("owner") == budgets("mia") == ["budget_nearly"]
    assert budgets("ann") == []
    assert Notice.objects.filter(about="dataset:people").exists()
