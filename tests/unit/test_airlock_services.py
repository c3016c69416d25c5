"""A request from submission to release, and every way it must not go."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from django.db import transaction
from django.utils import timezone

from tests.airlock import SAFE, events, inspected, open_study, state, submit, vote
from tests.factories import as_seen_now, person
from tre.airlock import differencing, jobs, registry, seeing, services, submissions
from tre.airlock.drafts import Upload
from tre.airlock.models import Release, Request, RequestFile
from tre.airlock.naming import MODEL_FILES
from tre.airlock.storage import storage
from tre.audit.models import Entry
from tre.config.options import load
from tre.disclosure import Inspection
from tre.errors import Refused
from tre.privacy import services as ledger
from tre.runs.models import Job
from tre.runs.queue import MOST_ATTEMPTS, failed, retry, work_once
from tre.runs.runner import JobFailed, JobRefused

pytestmark = pytest.mark.django_db
PSEUDONYMS = [base64.b32encode(hashlib.sha256(b"%d" % n).digest()[:16]).decode().rstrip("=") for n in range(39)]
ROWS = "\n".join(["pseudonym,age", *(f"{each},{60 + n % 30}" for n, each in enumerate(PSEUDONYMS))]).encode()


@pytest.fixture
def study():
    return open_study()


COST = {"epsilon": 1.0, "delta": 1e-6}


def approved_model(study) -> Request:
    """Return a request for a model that was paid for and that two checkers have approved."""
    made = submit(study, *((f"m/{name}", name.encode()) for name in sorted(MODEL_FILES)))
    Job.objects.all().delete()  # what inspection says of a model is not looked at here, that it passed is
    for file in made.files.all():
        passed = Inspection(file.sha256, "csv", file.size, "pass", (), None, "acro", ())
        RequestFile.objects.filter(pk=file.pk).update(inspection=passed.to_json())
        differencing.keep(file, ())
    Request.objects.filter(pk=made.pk).update(state="inspecting")
    jobs._conclude(made.pk, differencing.Compared(0, {}))
    Job.objects.filter(kind="airlock.attack").delete()  # nor is what attacks on it come to
    ann = as_seen_now("ann")
    spend = ledger.reserve(study, purpose="m", actor=ann, once="m", **COST)
    ledger.commit(study, spend.pk, ann)
    vote(made, "cat")
    vote(made, "dan")
    Job.objects.exclude(kind="airlock.release").delete()
    return made


def test_a_safe_table_goes_all_the_way(study):
    made = inspected(study)
    assert made.state == "in_review"
    vote(made, "cat")
    assert state(made) == "in_review"
    vote(made, "dan")
    assert state(made) == "approved"
    while work_once():
        pass
    assert state(made) == "released"
    release = Release.objects.get(request=made)
    assert load().path("release", release.identity, "table.csv").read_bytes() == SAFE
    assert events(made) == [
        "airlock.submitted", "airlock.inspection_began", "airlock.passed_to_review", "airlock.place_taken",
        "airlock.reviewed", "airlock.place_taken", "airlock.reviewed", "airlock.approved",
        "airlock.release_began", "airlock.released",
    ]  # fmt: skip


def test_rows_are_blocked_and_the_findings_tell_no_value(study):
    made = inspected(study, ("rows.csv", ROWS))
    assert made.state == "blocked"
    told = json.dumps(made.files.get().inspection) + json.dumps([each.data for each in Entry.objects.all()])
    assert not [each for each in PSEUDONYMS if each in told]


def test_every_file_is_inspected(study):
    made = inspected(study, ("a.csv", SAFE), ("b.csv", ROWS), ("c.csv", SAFE))
    assert made.state == "blocked"
    assert [file.inspected().verdict for file in made.files.all()] == ["pass", "block", "pass"]


def test_what_was_not_inspected_is_blocked(study, monkeypatch):
    made = submit(study, ("a.csv", SAFE), ("b.csv", SAFE))
    monkeypatch.setattr(jobs, "_inspect", lambda files, context: None)
    jobs.inspect_request({"request": made.pk})
    assert state(made) == "blocked"


def test_inspection_that_was_cut_off_goes_on_where_it_was(study, monkeypatch):
    made = submit(study, ("a.csv", SAFE), ("b.csv", SAFE))
    real, seen = jobs._keep, []

    def first_only(file: RequestFile, *told: object) -> None:
        if seen:
            raise KeyboardInterrupt
        seen.append(file.name)
        real(file, *told)

    monkeypatch.setattr(jobs, "_keep", first_only)
    with pytest.raises(KeyboardInterrupt):
        jobs.inspect_request({"request": made.pk})
    assert state(made) == "inspecting"
    monkeypatch.setattr(jobs, "_keep", lambda file, *told: (seen.append(file.name), real(file, *told)))
    jobs.inspect_request({"request": made.pk})
    assert seen == ["a.csv", "b.csv"]
    assert state(made) == "in_review"


def test_the_same_files_asked_for_again_are_the_same_request(study):
    first, again = submit(study), submit(study)
    assert first.pk == again.pk
    assert Job.objects.filter(kind="airlock.inspect").count() == 1
    assert events(first).count("airlock.submitted") == 1
    assert submit(study, context="Other words.").pk != first.pk


def test_a_withdrawn_request_may_be_asked_for_anew(study):
    first = submit(study)
    services.withdraw(first.pk, as_seen_now("ann"))
    assert state(first) == "withdrawn"
    assert submit(study).pk != first.pk


def test_nobody_else_withdraws(study):
    made = submit(study)
    with pytest.raises(Refused):
        services.withdraw(made.pk, as_seen_now("cat"))


def test_the_author_reviews_nothing_of_their_own_even_with_the_role(study):
    made = inspected(study)
    from tre.people.models import Account

    Account.objects.get(username="ann").roles.create(name="output_checker")
    with pytest.raises(Refused):
        vote(made, "ann")


def test_a_colleague_of_the_project_reviews_nothing_of_it(study):
    from tre.people.models import Account
    from tre.projects.models import Membership

    made = inspected(study)
    Membership.objects.create(project=study, account=Account.objects.get(username="cat"), lead=False)
    with pytest.raises(Refused):
        vote(made, "cat")


@pytest.mark.parametrize("role", ["researcher", "data_manager", "deployer", "auditor", "operator"])
def test_no_other_role_reviews(study, role):
    made = inspected(study)
    person("zoe", role)
    with pytest.raises(Refused):
        vote(made, "zoe")


def test_one_checker_counts_once(study):
    made = inspected(study)
    vote(made, "cat")
    with pytest.raises(Refused, match="already"):
        vote(made, "cat")
    assert state(made) == "in_review"


def test_a_third_checker_decides_where_two_disagree(study):
    made = inspected(study)
    vote(made, "cat")
    vote(made, "dan", "reject")
    assert state(made) == "in_review"
    with pytest.raises(Refused, match="Others"):
        vote(made, "eve", "reject")  # the two look again first
    vote(made, "cat")
    vote(made, "dan", "reject")
    vote(made, "eve", "reject")
    assert state(made) == "rejected"
    assert not Job.objects.filter(kind="airlock.release").exists()


def test_checkers_are_blind_to_each_other_until_their_own_is_in(study):
    made = inspected(study)
    vote(made, "cat")
    assert seeing.visible_reviews(made, as_seen_now("dan")) == []
    assert len(seeing.visible_reviews(made, as_seen_now("cat"))) == 1
    assert seeing.visible_reviews(made, as_seen_now("ann")) == []
    vote(made, "dan")
    made.refresh_from_db()
    assert len(seeing.visible_reviews(made, as_seen_now("ann"))) == 2


def test_a_blocked_request_cannot_be_reviewed_or_released(study):
    made = inspected(study, ("rows.csv", ROWS))
    with pytest.raises(Refused):
        vote(made, "cat")
    jobs.release_request({"request": made.pk})
    assert not Release.objects.exists()


def test_a_review_of_a_request_that_moved_on_is_refused(study):
    made = inspected(study)
    vote(made, "cat")
    vote(made, "dan")
    with pytest.raises(Refused):
        vote(made, "eve")


def test_a_frozen_file_that_was_altered_is_not_released(study):
    made = inspected(study)
    vote(made, "cat")
    vote(made, "dan")
    path = storage().path(made.files.get().sha256)
    path.chmod(0o600)
    path.write_bytes(ROWS)
    while work_once():
        pass
    assert state(made) == "blocked"
    assert not Release.objects.exists()
    assert not list(load().path("release").glob(f"release-{made.pk}-*"))
    assert events(made)[-1] == "airlock.release_halted"


def test_a_release_done_twice_is_one_release(study):
    made = inspected(study)
    vote(made, "cat")
    vote(made, "dan")
    for _ in range(3):
        jobs.release_request({"request": made.pk})
    assert Release.objects.count() == 1
    assert events(made).count("airlock.released") == 1


def test_a_release_whose_job_failed_is_finished_when_the_operator_says_so(study, monkeypatch):
    made = approved_model(study)

    def killed(*told: object, **more: object) -> dict:
        raise JobFailed("The job 'promote' ended with status -9", where="promote.log")

    monkeypatch.setattr(registry, "run_job", killed)
    for _ in range(MOST_ATTEMPTS):
        Job.objects.filter(state=Job.State.QUEUED).update(due=timezone.now())
        work_once()
    assert state(made) == "releasing"
    (job,) = failed()
    taken = {"name": "frailty-m", "version": 1}
    monkeypatch.setattr(registry, "run_job", lambda name, *told, **more: COST if name == "price" else taken)
    retry(job.pk, "operator")
    work_once()
    assert state(made) == "released"
    assert Release.objects.get().models_registered == [{"name": "frailty-m", "version": 1}]
    assert events(made).count("airlock.released") == 1


def test_a_model_that_the_registry_refuses_halts_the_release_and_may_be_withdrawn(study, monkeypatch):
    made = approved_model(study)

    def refuse(*told: object, **more: object) -> dict:
        raise JobRefused("The folder is no model", where="job promote")

    monkeypatch.setattr(registry, "run_job", refuse)
    work_once()
    assert state(made) == "blocked"
    assert Entry.objects.get(event="airlock.release_halted").data == {"why": "The folder is no model (job promote)."}
    assert not Release.objects.exists()
    assert services.withdraw(made.pk, as_seen_now("ann")).state == "withdrawn"


def test_a_release_folder_that_was_altered_before_it_was_written_down_is_not_released(study):
    made = inspected(study)
    vote(made, "cat")
    vote(made, "dan")
    made.refresh_from_db()
    folder = jobs._copy_out(made, services.release_identity(made))  # and here the worker was killed
    (folder / "table.csv").chmod(0o600)
    (folder / "table.csv").write_bytes(ROWS)
    jobs.release_request({"request": made.pk})
    assert state(made) == "blocked"
    assert not Release.objects.exists()


def test_a_change_that_fails_leaves_no_entry(study):
    made = inspected(study)
    before = Entry.objects.count()

    def change() -> None:
        with transaction.atomic():
            services.move(made, "approve", "airlock")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change()
    assert Entry.objects.count() == before
    assert state(made) == "in_review"


def test_a_request_needs_its_context_and_a_person_who_may(study):
    with pytest.raises(Refused, match="context"):
        submit(study, context="   ")
    with pytest.raises(Refused):
        submissions.submit(as_seen_now("cat"), study, "Counts.", [Upload("a.csv", [SAFE])])


def test_too_many_bytes_are_refused_and_nothing_stays(study, monkeypatch):
    monkeypatch.setattr(submissions, "MOST_BYTES", 100)
    before = set(load().path("airlock", "objects").rglob("*"))
    with pytest.raises(Refused, match="bytes"):
        submit(study, ("a.csv", b"x" * 60), ("b.csv", iter([b"y" * 60]).__next__()))
    staged = [path for path in set(load().path("airlock", "objects").rglob("*")) - before if "staged" in path.name]
    assert not staged
    assert not Request.objects.exists()
