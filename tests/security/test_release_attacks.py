"""An insider who changes the airlock's rows, a researcher who asks again, a model that nobody paid for."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tests.airlock import SAFE, events, open_study, quick_inspection, state, submit, vote, work
from tests.factories import as_seen_now
from tests.insider import rewrite_log
from tests.unit.test_pages import browser
from tre.airlock import jobs, registry, reviews, services
from tre.airlock.deciding import Vote
from tre.airlock.models import FileVote, Release, Request, Review
from tre.airlock.naming import MODEL_FILES
from tre.airlock.storage import storage
from tre.audit.models import Entry
from tre.audit.services import record
from tre.config.options import load
from tre.disclosure import Context, Inspection, inspect
from tre.errors import Refused
from tre.people.models import Account
from tre.privacy.models import Payment
from tre.privacy.services import commit, reserve
from tre.projects.models import Membership
from tre.runs.queue import enqueue
from tre.runs.runner import JobFailed, JobRefused

pytestmark = pytest.mark.django_db
OTHER = b"age_band,persons\n60s,121\n70s,341\n80s,211\n"
MODEL = [(f"m/{name}", f"{name} of the model".encode()) for name in sorted(MODEL_FILES)]


@pytest.fixture(autouse=True)
def _quick_inspection(monkeypatch):
    quick_inspection(monkeypatch)


@pytest.fixture
def study():
    return open_study()


def reviewed(study, *files: tuple[str, bytes]) -> Request:
    made = submit(study, *files)
    work()
    return Request.objects.get(pk=made.pk)


def approved(study, *files: tuple[str, bytes]) -> Request:
    made = reviewed(study, *files)
    for checker in ("cat", "dan"):
        vote(made, checker)
    return Request.objects.get(pk=made.pk)


def queue_release(made: Request) -> None:
    with transaction.atomic():
        enqueue("airlock.release", {"request": made.pk}, once=f"airlock.release:{made.pk}")


def is_halted(made: Request) -> str:
    """Return why the release of a request was halted, having looked that nothing left."""
    work()
    assert state(made) == "blocked"
    assert events(made)[-1] == "airlock.release_halted"
    assert not Release.objects.exists()
    assert not list(load().path("release").glob(f"*release-{made.pk}-*"))
    return services.why_halted(Request.objects.get(pk=made.pk))


def test_a_request_set_to_approved_in_the_database_is_not_released(study):
    made = reviewed(study)
    Request.objects.filter(pk=made.pk).update(state="approved")
    queue_release(made)
    assert "have not approved" in is_halted(made)


def test_nor_one_set_to_releasing_with_one_review(study):
    made = reviewed(study)
    vote(made, "cat")
    Request.objects.filter(pk=made.pk).update(state="releasing")
    queue_release(made)
    assert "have not approved" in is_halted(made)


def forge_review(made: Request, who: str) -> None:
    account = Account.objects.get(username=who)
    review = Review.objects.create(request=made, checker=account, choice="approve", handed_in=timezone.now())
    for file in made.files.all():
        FileVote.objects.create(review=review, file=file, sha256=file.sha256, choice="approve")


def test_reviews_that_stand_in_the_tables_alone_release_nothing(study):
    made = reviewed(study)
    for who in ("cat", "dan"):
        forge_review(made, who)
    Request.objects.filter(pk=made.pk).update(state="approved")
    queue_release(made)
    assert "not those that were handed in" in is_halted(made)


def test_reviews_forged_in_the_log_too_lack_their_seal(study):
    made = reviewed(study)
    vote(made, "cat")
    forge_review(made, "dan")
    told = Entry.objects.get(event="airlock.reviewed").data
    with transaction.atomic():  # an entry that is right in itself, with the only seal that the forger has seen
        record("airlock.reviewed", actor="dan", subject=f"request:{made.pk}", data=told)
    Request.objects.filter(pk=made.pk).update(state="approved")
    queue_release(made)
    assert "not what was handed in" in is_halted(made)


def test_a_key_that_no_page_can_show_and_no_database_keeps_is_shown_and_kept(study, tmp_path):
    path = tmp_path / "values.json"
    path.write_text(json.dumps({"nhs\ud800number\0\u202e": [number * 1.5 for number in range(300)]}))
    made = reviewed(study, ("values.json", path.read_bytes()))
    found = inspect(path, Context(sandbox=False), name="values.json")
    assert any("nhs\ufffdnumber\ufffd\ufffd" in each.location for each in found.findings)
    made.files.update(inspection=found.to_json())
    page = browser("cat").get(f"/airlock/{made.pk}/")
    assert page.status_code == 200
    assert "nhs\ufffdnumber\ufffd\ufffd" in page.content.decode()


@pytest.mark.parametrize("told", ["Counts\0 of \ud800 people", "\u202eCounts"])
def test_a_context_is_kept_storable(study, told):
    made = submit(study, context=told)
    made.refresh_from_db()
    assert "\ufffd" in made.context
    assert made.context.encode().decode().startswith(("Counts", "\ufffd"))


def _swap(made: Request) -> None:
    with transaction.atomic():
        kept = storage().freeze([OTHER], 1000)
    found = Inspection(kept.sha256, "csv", kept.size, "pass", (), None, "acro", ()).to_json()
    made.files.update(sha256=kept.sha256, size=kept.size, inspection=found)


def _swap_and_votes(made: Request) -> None:
    _swap(made)
    FileVote.objects.update(sha256=made.files.get().sha256)


def _swap_and_log(made: Request) -> None:
    _swap_and_votes(made)
    sha256, size = made.files.get().sha256, made.files.get().size

    def change(entry: Entry) -> None:
        if entry.event in ("airlock.submitted", "airlock.reviewed"):
            entry.data["files"][0] |= {"sha256": sha256} | ({"size": size} if "project" in entry.data else {})

    rewrite_log(change)


def _join(made: Request) -> None:
    Membership.objects.create(project=made.project, account=Account.objects.get(username="cat"), lead=False)


def _give(who: str) -> None:
    Review.objects.filter(checker__username="cat").update(checker=Account.objects.get(username=who))


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (_swap, "not those that were submitted|not what was handed in"),
        (_swap_and_votes, "not what was handed in"),
        (_swap_and_log, "not what was handed in"),
        (lambda made: made.files.update(name="Margaret Hughes.csv"), "not what was handed in"),
        (lambda made: made.files.update(inspection=None), "not inspected"),
        (lambda made: made.files.update(inspection={"verdict": "pass"}), "not inspected"),
        (lambda made: Request.objects.update(author=Account.objects.get(username="eve")), "not those that were submi"),
        (lambda made: _give("ann"), "not what was handed in"),
        (lambda made: _give("eve"), "not what was handed in"),
        (lambda made: FileVote.objects.update(choice="reject"), "not what was handed in"),
        (lambda made: Review.objects.update(choice="anything"), "not what was handed in"),
        (lambda made: FileVote.objects.filter(review__checker__username="cat").delete(), "not what was handed in"),
        (_join, "is or was a member"),
    ],
)
def test_whatever_an_insider_changes_after_approval_halts_the_release(study, harm, told):
    made = approved(study)
    harm(made)
    why = is_halted(made)
    assert any(each in why for each in told.split("|")), why


def test_nothing_of_a_name_stands_in_the_sealed_entries(study):
    made = approved(study, ("Margaret Hughes.csv", SAFE))
    told = json.dumps([entry.data for entry in Entry.objects.filter(subject=f"request:{made.pk}")])
    assert "Hughes" not in told
    assert made.files.get().sha256 in json.dumps(Entry.objects.filter(event="airlock.reviewed")[0].data)
    work()
    assert state(made) == "released"


def test_a_vote_on_bytes_that_were_not_shown_is_refused(study):
    made = reviewed(study)
    shown = [Vote(file.pk, "approve", "", file.sha256) for file in made.files.all()]
    _swap(made)
    with pytest.raises(Refused, match="shown"):
        reviews.review(made.pk, as_seen_now("cat"), shown)
    with pytest.raises(Refused, match="shown"):
        reviews.review(made.pk, as_seen_now("cat"), [Vote(made.files.get().pk, "approve")])


def test_rejected_bytes_that_are_sent_again_come_with_their_rejection(study):
    first = reviewed(study)
    for checker in ("cat", "dan"):
        vote(first, checker, "reject", "Two cells are below ten.")
    again = submit(study, ("other name.csv", SAFE), context="Counts by age..")
    work()
    page = browser("eve").get(f"/airlock/{again.pk}/").content.decode()
    assert "The same bytes were asked for before" in page
    assert f"Request {first.pk}" in page
    assert page.count("Two cells are below ten.") == 2
    assert "asked for before" not in browser("ann").get(f"/airlock/{again.pk}/").content.decode()
    assert "asked for before" not in browser("eve").get(f"/airlock/{submit(study, ('a', OTHER)).pk}/").content.decode()


def test_votes_of_a_review_that_goes_on_elsewhere_are_not_shown(study):
    first = reviewed(study)
    vote(first, "cat", "reject", "Two cells are below ten.")
    again = submit(study, context="Other words.")
    work()
    page = browser("dan").get(f"/airlock/{again.pk}/").content.decode()
    assert f"Request {first.pk}" in page
    assert "below ten" not in page


def form(made: Request, **changes: str) -> dict[str, str]:
    told = {"choice": "approve", "comment": ""}
    return {
        f"file-{file.pk}-{name}": value
        for file in made.files.all()
        for name, value in ({**told, "sha256": file.sha256} | changes).items()
    }


def test_the_page_votes_on_the_bytes_that_it_shows(study):
    made = reviewed(study)
    address = f"/airlock/{made.pk}/"
    assert made.files.get().sha256 in browser("cat").get(address).content.decode()
    assert browser("cat").post(f"{address}review", form(made, sha256="0" * 64)).status_code == 403
    assert browser("cat").post(f"{address}review", form(made)).status_code == 302
    assert FileVote.objects.get().sha256 == made.files.get().sha256


def test_why_a_release_was_halted_stands_on_its_page(study):
    made = approved(study)
    _join(made)
    work()
    page = browser("ann").get(f"/airlock/{made.pk}/").content.decode()
    assert "Its release was halted" in page
    assert "a member of its project" in page


def test_each_download_is_written_down(study):
    made = approved(study, ("a.csv", SAFE), ("b.csv", OTHER))
    work()
    one, other = made.files.all()
    client = browser("ann")
    for file in (one, one, other):
        answer = client.get(f"/airlock/{made.pk}/files/{file.pk}/download")
        assert answer.getvalue() in (SAFE, OTHER)
    assert browser("cat").get(f"/airlock/{made.pk}/files/{one.pk}/download").status_code == 403
    told = Entry.objects.filter(event="airlock.downloaded", actor="ann", subject=f"request:{made.pk}")
    assert [entry.data["sha256"] for entry in told] == [one.sha256, one.sha256, other.sha256]
    assert Entry.objects.filter(event="airlock.downloaded").count() == 3


@pytest.fixture
def plane(monkeypatch):
    """Stand in for the learning plane: each model costs what the test says."""
    told: dict[str, Any] = {"epsilon": 2.0, "delta": 1e-6, "registered": []}

    def run(name: str, spec: dict, keys: object = None, *, plane: str) -> dict:
        if isinstance(told["epsilon"], Exception):
            raise told["epsilon"]
        if name == "price":
            return {"epsilon": told["epsilon"], "delta": told["delta"]}
        if name == "settle":
            return {}
        told["registered"].append(spec["name"])
        return {"name": spec["name"], "version": "1", "alias": "champion", "epsilon": told["epsilon"]}

    monkeypatch.setattr(registry, "run_job", run)
    return told


def pay_for(study, epsilon: object, once: str = "one") -> int:
    ann = as_seen_now("ann")
    made = reserve(study, epsilon=epsilon, delta=1e-6, purpose="m", actor=ann, once=once)
    return commit(study, made.pk, ann).pk


def test_a_model_that_nobody_paid_for_is_not_released(study, plane):
    made = approved(study, *MODEL, ("table.csv", SAFE))
    assert "No unused spend" in is_halted(made)
    assert plane["registered"] == []


def test_a_model_that_was_paid_for_is_registered_and_its_spend_bound(study, plane):
    spend = pay_for(study, 2)
    made = approved(study, *MODEL)
    work()
    assert state(made) == "released"
    assert plane["registered"] == ["frailty-m"]
    weights = made.files.get(name="m/weights.safetensors").sha256
    assert list(Payment.objects.values_list("spend", "model")) == [(spend, weights)]


def test_one_spend_does_not_pay_for_two_models_and_neither_is_registered(study, plane):
    pay_for(study, 3)
    second = [(name.replace("m/", "n/"), content + b" two") for name, content in MODEL]
    made = approved(study, *MODEL, *second)
    assert "No unused spend" in is_halted(made)
    assert plane["registered"] == []


def test_a_package_that_claims_less_than_it_spent_is_held_to_what_it_spent(study, plane):
    pay_for(study, 2)
    plane["epsilon"] = 2.1
    assert "epsilon of 2.1" in is_halted(approved(study, *MODEL))


def test_a_refusal_of_the_learning_plane_halts_with_its_reason(study, plane):
    plane["epsilon"] = JobRefused("A model's file is damaged (m).", where="job price")
    assert "file is damaged" in is_halted(approved(study, *MODEL))


def test_a_job_that_failed_leaves_the_release_to_be_run_again(study, plane):
    pay_for(study, 2)
    made = approved(study, *MODEL)
    cost, plane["epsilon"] = plane["epsilon"], JobFailed("The job 'price' ended with status -9")
    with pytest.raises(JobFailed):
        jobs.release_request({"request": made.pk})
    assert state(made) == "releasing"
    plane["epsilon"] = cost
    jobs.release_request({"request": made.pk})
    assert state(made) == "released"
    assert Payment.objects.count() == 1
