"""Writing down what landed, and taking it back: once, in order, and after a process that died in between."""

from __future__ import annotations

import pytest
from django.urls import reverse

from spark_jobs import erase
from tests.factories import person
from tests.landing import landed, outbox, sent
from tests.unit.test_arrivals import AREAS
from tre.audit.models import Entry
from tre.catalogue import jobs, recipe
from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild, Withdrawal
from tre.catalogue.services import (
    current_build,
    held,
    inputs,
    marks,
    write_build,
    write_streamed,
    write_submission,
)
from tre.catalogue.withdrawals import still_held, to_erase, withdraw, write_erasure
from tre.config.options import REPOSITORY, load
from tre.errors import Refused
from tre.runs.models import Job

pytestmark = pytest.mark.django_db


TABLE = {"dataset": "small_area", "rows": 4, "quarantined": 0}
BUILT = {
    "linkage": None,
    "model": None,
    "shared": [],
    "doubtful": [],
    "quarantine": [],
    "opted_out": 0,
    "filters": {},
    "measures": [],
    "faults": [],
}


def built(*versions: int) -> WarehouseBuild:
    """Write down a build as the job would: of all that is held, giving the table's version."""
    tables = [{**TABLE, "version": version} for version in versions]
    return write_build({**BUILT, "tables": tables}, inputs(), "mia", marks())


@pytest.fixture
def mia():
    return person("mia", "data_manager")


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


def test_a_withdrawn_submission_is_in_no_later_build_and_an_earlier_build_is_not_taken_for_it(receipts, mia):
    write_submission(receipts[0])
    built(0)
    alone = inputs()
    write_submission(receipts[1])
    built(1)
    withdraw(mia, submission="areas-2", reason="sent in error")
    assert held() == [
        {"submission": "areas-1", "datasets": ["small_area"]}, {"submission": "areas-2", "datasets": []},
    ]  # fmt: skip
    assert inputs() != alone
    assert {job.kind for job in Job.objects.all()} == {"catalogue.build", "catalogue.erase"}
    entry = Entry.objects.get(event="catalogue.withdrawn")
    assert (entry.actor, entry.subject) == ("mia", "submission:areas-2")
    assert entry.data["withdrawn"] == [{"submission": "areas-2", "dataset": "small_area"}]


def test_a_whole_dataset_is_withdrawn_from_all_that_landed(receipts, mia):
    for receipt in receipts:
        write_submission(receipt)
    assert len(withdraw(mia, dataset="small_area", reason="the agreement ended")) == 2
    assert [each["datasets"] for each in held()] == [[], []]


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"submission": "areas-9", "reason": "x"}, "holds nothing"),
        ({"dataset": "deaths", "reason": "x"}, "holds nothing"),
        ({"submission": "areas-1", "reason": " "}, "reason"),
        ({"reason": "x"}, "named"),
    ],
)
def test_a_withdrawal_of_nothing_is_refused(receipts, mia, told, sentence):
    write_submission(receipts[0])
    with pytest.raises(Refused, match=sentence):
        withdraw(mia, **told)
    assert not Withdrawal.objects.exists()


def test_nobody_else_withdraws(receipts):
    write_submission(receipts[0])
    with pytest.raises(Refused, match="no rule permits"):
        withdraw(person("res", "researcher"), submission="areas-1", reason="x")


def test_what_may_hold_it_is_stale_and_what_was_made_before_or_after_is_not(receipts, mia):
    write_submission(receipts[0])
    built(0)
    write_submission(receipts[1])
    built(1)
    withdraw(mia, submission="areas-2", reason="sent in error")
    built(2)
    stale = {version: still_held([("small_area", version)]).exists() for version in (0, 1, 2)}
    assert stale == {0: False, 1: True, 2: False}


def test_landing_is_erased_at_once_and_the_tables_when_the_build_without_it_is_done(receipts, mia, tmp_path):
    for receipt in receipts:
        write_submission(receipt)
    built(0)
    withdraw(mia, submission="areas-1", reason="sent in error")
    first = to_erase()
    assert (first["submissions"], first["tables"]) == ([{"submission": "areas-1", "datasets": ["small_area"]}], [])
    folders = {name: str(tmp_path / name) for name in ("landing", "warehouse", "certificates")}
    told = erase.run({**folders, **first}, {}, lambda text: None)
    assert told["landing"] == 1
    kept = {path.name for path in (tmp_path / "landing" / "submissions" / "areas-1").iterdir()}
    assert kept == {"receipt.json", "manifest.json"}
    write_erasure(first, told)
    built(1)
    second = to_erase()
    assert second["tables"] == ["opt_outs", "people", "small_area"]
    write_erasure(second, erase.run({**folders, **second}, {}, lambda text: None))
    assert to_erase()["withdrawals"] == []
    assert Withdrawal.objects.exclude(left_landing=None).exclude(left_warehouse=None).count() == 1
    assert Entry.objects.filter(event="catalogue.erased").count() == 2


@pytest.fixture
def platform(monkeypatch, tmp_path):
    """Lay out as much of the platform as a build goes by, for a test to change."""
    root = tmp_path / "platform"
    for name in ("policies/contracts/births.odcs.yaml", "policies/codelists/imd_decile.csv", "policies/linkage.yaml",
                 "policies/quality.yaml", "spark_jobs/link.py", "tre/contracts/reading.py", "tre/disclosure/keyed.py",
                 "tre/airlock/domain.py", "spark_jobs/__pycache__/link.pyc"):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("as it was")
    monkeypatch.setattr(recipe, "REPOSITORY", root)
    return root


GOES_BY = (
    "policies/contracts/births.odcs.yaml",
    "policies/contracts/new.odcs.yaml",
    "policies/codelists/imd_decile.csv",
    "policies/linkage.yaml",
    "policies/quality.yaml",
    "spark_jobs/link.py",
    "tre/contracts/reading.py",
    "tre/disclosure/keyed.py",
)


@pytest.mark.parametrize("name", GOES_BY)
def test_a_changed_contract_policy_or_code_is_something_to_build(receipts, platform, name):
    write_submission(receipts[0])
    built(0)
    assert current_build(inputs()) is not None
    (platform / name).write_text("changed")
    assert current_build(inputs()) is None


def test_a_changed_engine_is_something_to_build(receipts, platform, monkeypatch):
    built(0)
    monkeypatch.setattr(recipe, "version", lambda name: "99")
    assert current_build(inputs()) is None


@pytest.mark.parametrize("name", ["tre/airlock/domain.py", "spark_jobs/__pycache__/link.pyc"])
def test_what_a_build_does_not_go_by_builds_nothing(platform, name):
    built(0)
    (platform / name).write_text("changed")
    assert current_build(inputs()) is not None


def test_what_was_changed_and_changed_back_is_built_again_and_told_once(platform):
    policy = platform / "policies" / "linkage.yaml"
    first = built(0)
    policy.write_text("changed")
    built(1)
    policy.write_text("as it was")
    assert current_build(inputs()) is None
    begun = marks()
    again = [write_build({**BUILT, "tables": []}, inputs(), "mia", begun) for _ in range(2)]  # its job ran twice
    assert first.inputs == again[0].inputs
    assert first != again[0] == again[1] == current_build(inputs())
    assert Entry.objects.filter(event="catalogue.built").count() == 3


def test_the_files_that_a_build_goes_by_are_there():
    parts = [*recipe._POLICIES, *recipe._CODE]
    assert [part for part in parts if not (REPOSITORY / part).exists()] == []


def test_a_build_that_would_come_out_the_same_runs_no_job(platform, monkeypatch):
    ran: list[str] = []
    monkeypatch.setattr(jobs, "recover", lambda: None)
    monkeypatch.setattr(jobs, "write_reports", lambda build, folder: None)
    monkeypatch.setattr(jobs, "run_job", lambda name, *told, **more: ran.append(name) or {**BUILT, "tables": []})
    jobs.build({"by": "mia"})
    jobs.build({"by": "mia"})
    assert ran == ["build"]
    (platform / "policies" / "linkage.yaml").write_text("changed")
    jobs.build({"by": "mia"})
    assert ran == ["build", "build"]
    assert WarehouseBuild.objects.count() == 2


def test_a_withdrawn_submission_does_not_land_again_under_its_name(receipts, mia, monkeypatch, tmp_path):
    write_submission(receipts[0])
    withdraw(mia, submission="areas-1", reason="sent in error")
    monkeypatch.setattr(jobs, "run_job", lambda *told, **more: {**receipts[0], "replayed": True})
    with pytest.raises(Refused, match="was withdrawn"):
        jobs.land(tmp_path / "areas-1", "mia")


def test_a_data_manager_withdraws_on_the_page_and_others_are_not_offered_it(receipts, mia):
    from tests.unit.test_pages import browser

    write_submission(receipts[0])
    person("res", "researcher")
    page = reverse("catalogue")
    assert "Withdraw" not in browser("res").get(page).content.decode()
    told = {"submission": "areas-1", "dataset": "", "reason": "sent in error"}
    assert browser("res").post(reverse("catalogue_withdraw"), told).status_code == 403
    assert not Withdrawal.objects.exists()
    assert browser("mia").post(reverse("catalogue_withdraw"), told).status_code == 302
    assert "waits to be erased" in browser("mia").get(page).content.decode()


def test_the_feedback_is_the_data_managers_to_pass_on(receipts, mia):
    from tests.unit.test_pages import browser

    write_submission(receipts[0])
    person("res", "researcher")
    page = reverse("catalogue_feedback", kwargs={"identity": "areas-1"})
    assert browser("mia").get(page).status_code == 404  # nothing was found wrong in it
    told = load().path("feedback", "areas-1.csv")
    told.parent.mkdir(parents=True, exist_ok=True)
    told.write_text("dataset,file,row,field,fault\nsmall_area,a.csv,2,lsoa,wrong form\n")
    try:
        assert browser("mia").get(page).getvalue() == told.read_bytes()
        assert browser("res").get(page).status_code == 403
    finally:
        told.unlink()


def test_what_the_stream_appends_is_the_newest_version_with_an_entry_for_each_batch(receipts):
    write_submission(receipts[0])
    built(0)
    for version, rows in ((0, 10), (1, 25)):
        write_streamed({"dataset": "device_readings", "version": version, "rows": rows}, "mia")
    kept = DatasetVersion.objects.filter(dataset="device_readings")
    assert [(each.version, each.rows) for each in kept] == [(1, 25)]
    assert Entry.objects.filter(event="catalogue.streamed").count() == 2
