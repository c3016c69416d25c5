"""Writing down what landed: once, in the platform's order, and after a process that died in between."""

from __future__ import annotations

import pytest

from tests.landing import landed, outbox, sent
from tests.unit.test_arrivals import AREAS
from tre.audit.models import Entry
from tre.catalogue import jobs
from tre.catalogue.models import Submission
from tre.catalogue.services import held, inputs, write_submission

pytestmark = pytest.mark.django_db


@pytest.fixture
def receipts(tmp_path) -> list[dict]:
    made = []
    for number in (1, 2):
        folder = tmp_path / f"areas-{number}"
        made.append(landed(outbox(folder, sent(folder, "a.csv", "small_area", AREAS, 2)), tmp_path / "landing"))
    return made


def test_a_submission_is_written_down_once_with_its_entry(receipts):
    before = inputs()
    for receipt in (*receipts, receipts[0]):
        write_submission(receipt)
    assert [(each.identity, each.number) for each in Submission.objects.all()] == [("areas-2", 2), ("areas-1", 1)]
    assert Entry.objects.filter(event="catalogue.landed").count() == 2
    assert inputs() != before
    assert [each["submission"] for each in held()] == ["areas-1", "areas-2"]


def test_what_landed_before_its_process_died_is_written_down_at_the_next_start(receipts, monkeypatch, tmp_path):
    from spark_jobs import recover

    def run_here(name: str, spec: dict) -> dict:
        assert name == "recover"
        return recover.run({**spec, "landing": str(tmp_path / "landing")}, {}, lambda text: None)

    monkeypatch.setattr(jobs, "run_job", run_here)
    write_submission(receipts[1])
    jobs.recover()
    jobs.recover()
    assert Submission.objects.get(identity="areas-1").by == "mia"
    assert Entry.objects.filter(event="catalogue.landed").count() == 2
