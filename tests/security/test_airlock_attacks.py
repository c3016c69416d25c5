"""The airlock from the seats of those who would cheat it: the author, a colleague in the project, and a checker."""

from __future__ import annotations

import hashlib

import pytest
from django.db import transaction
from django.utils import timezone

from tests.airlock import SAFE, events, open_study, quick_inspection, state, submit, vote, work
from tests.factories import as_seen_now, person
from tests.insider import rewrite_log
from tests.unit.test_pages import browser
from tre.airlock import comments, drafts, submissions
from tre.airlock.assignments import escalate, take
from tre.airlock.models import Comment, FileVote, Group, Release, Request, RequestFile, Review, Turn
from tre.airlock.services import why_halted
from tre.airlock.storage import storage
from tre.audit.models import Entry
from tre.errors import Refused
from tre.people.models import Account
from tre.projects import applications
from tre.projects.models import Membership, PastMembership
from tre.runs.queue import enqueue

pytestmark = pytest.mark.django_db
OTHER = SAFE.replace(b"120", b"125")
SECRET = "The cell of the nineties is Mrs Hughes."


@pytest.fixture
def study(monkeypatch):
    quick_inspection(monkeypatch)
    return open_study()


def reviewed(study, *files: tuple[str, bytes]) -> Request:
    made = submit(study, *files)
    work()
    return now(made)


def now(made: Request) -> Request:
    return Request.objects.get(pk=made.pk)


def is_halted(made: Request) -> str:
    """Return why a release was halted, having looked that nothing left."""
    with transaction.atomic():
        enqueue("airlock.release", {"request": made.pk}, once=f"again:{made.pk}")
    work()
    assert (state(made), now(made).phase) == ("blocked", "halted")
    assert not Release.objects.exists()
    return why_halted(now(made))


# The author


def test_a_file_is_not_swapped_between_review_and_release_by_any_verb(study):
    made = reviewed(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    ann = as_seen_now("ann")
    for act in (
        lambda: drafts.add_files(made.pk, ann, "Files", [drafts.Upload("table.csv", [OTHER])]),
        lambda: submissions.revise(made.pk, ann),
        lambda: submissions.submit_draft(made.pk, ann, "Swapped."),
        lambda: drafts.change_file(made.pk, ann, made.held()[0].pk, "Files", "supporting"),
    ):
        with pytest.raises(Refused):
            act()
    work()
    assert state(made) == "released"


def test_approvals_of_an_earlier_turn_release_nothing_of_the_next(study):
    made = reviewed(study)
    vote(made, "cat")
    vote(made, "dan", "return")
    vote(made, "cat", "return")
    submissions.revise(made.pk, as_seen_now("ann"))
    drafts.add_files(made.pk, as_seen_now("ann"), "Files", [drafts.Upload("table.csv", [OTHER])])
    submissions.submit_draft(made.pk, as_seen_now("ann"), "Mended.")
    work()
    vote(now(made), "cat")
    assert state(made) == "in_review"
    Request.objects.filter(pk=made.pk).update(state="approved", phase="")
    assert "Two checkers have not approved" in is_halted(made)


def test_an_author_sees_no_review_and_no_comment_among_checkers_on_any_page(study):
    made = reviewed(study)
    group = made.groups.get().pk
    comments.comment(made.pk, as_seen_now("cat"), group, SECRET, checkers_only=True)
    vote(made, "cat", "return", "Not yet told.")
    vote(made, "dan", "approve", "Nor this.")
    pages = browser("ann").get(f"/airlock/{made.pk}/").content.decode()
    assert "Not yet told." not in pages
    assert "Nor this." not in pages
    vote(made, "dan", "return", "Now told.")
    assert state(made) == "returned"
    client = browser("ann")
    pages = "".join(client.get(f"/airlock/{made.pk}/?turn={turn}").content.decode() for turn in (1, 2, 9, "x"))
    assert "Now told." in pages
    assert SECRET not in pages
    assert ">cat<" not in pages
    assert "A checker: Ask for changes" in " ".join(pages.split())


def test_an_authors_form_does_not_say_that_a_comment_is_among_checkers(study):
    made = reviewed(study)
    about = f"group-{made.groups.get().pk}"
    client = browser("ann")
    client.post(f"/airlock/{made.pk}/comment", {"about": about, "text": "Mine.", "audience": "checkers"})
    assert Comment.objects.get().audience == "public"


def test_an_author_does_not_reach_another_requests_rows_by_their_numbers(study):
    mine, other = reviewed(study), reviewed(study, ("other.csv", OTHER))
    client = browser("ann")
    draft = drafts.draft(as_seen_now("ann"), study, "A draft.")
    theirs = other.held()[0]
    for path in (f"draft/files/{theirs.pk}", f"draft/files/{theirs.pk}/remove"):
        assert client.post(f"/airlock/{draft.pk}/{path}", {"group": "G", "kind": "code"}).status_code == 404
    group = Group.objects.get(request=other)
    with pytest.raises(Refused):
        comments.comment(mine.pk, as_seen_now("ann"), group.pk, "Elsewhere.")
    assert RequestFile.objects.get(pk=theirs.pk).kind == "output"


# A colleague, now or once


def test_a_colleague_sees_nothing_and_one_who_left_never_reviews(study):
    made = reviewed(study)
    person("amy", "researcher")
    Membership.objects.create(project=study, account=Account.objects.get(username="amy"), lead=False)
    assert browser("amy").get(f"/airlock/{made.pk}/").status_code == 403
    person("bob", "researcher")
    applications._set_members(study, ["ann", "bob"])
    applications._set_members(study, ["ann"])
    assert set(PastMembership.objects.values_list("account__username", flat=True)) == {"amy", "bob"}
    account = Account.objects.get(username="bob")
    account.roles.all().delete()
    account.roles.create(name="output_checker")
    with pytest.raises(Refused, match="never ones own request"):
        vote(made, "bob")
    assert browser("bob").post(f"/airlock/{made.pk}/take").status_code == 403


def test_one_who_was_a_member_is_found_out_at_release_whoever_let_them_review(study):
    made = reviewed(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    PastMembership.objects.create(project=study, account=Account.objects.get(username="cat"))
    assert "is or was a member" in is_halted(made)


# A checker


def test_a_checker_does_not_vote_for_another_nor_twice_nor_on_what_supports(study):
    made = reviewed(study)
    file = made.held()[0]
    form = {f"file-{file.pk}-choice": "approve", f"file-{file.pk}-comment": "", f"file-{file.pk}-sha256": file.sha256}
    client = browser("cat")
    assert client.post(f"/airlock/{made.pk}/files/{file.pk}/vote", {**form, "checker": "dan"}).status_code == 302
    assert set(Review.objects.values_list("checker__username", flat=True)) == {"cat"}
    for _ in range(2):
        client.post(f"/airlock/{made.pk}/review", form)
    assert Review.objects.filter(handed_in__isnull=False).count() == 1
    assert FileVote.objects.count() == 1
    assert state(made) == "in_review"


def test_a_vote_on_another_requests_file_is_none(study):
    made, other = reviewed(study), reviewed(study, ("other.csv", OTHER))
    theirs = other.held()[0]
    form = {f"file-{theirs.pk}-choice": "approve", f"file-{theirs.pk}-sha256": theirs.sha256}
    assert browser("cat").post(f"/airlock/{made.pk}/files/{theirs.pk}/vote", form).status_code == 404
    assert not FileVote.objects.exists()


def test_a_checker_does_not_read_anothers_votes_before_their_own_are_in(study):
    made = reviewed(study)
    vote(made, "cat", "reject", SECRET)
    for who in ("dan", "eve"):
        page = browser(who).get(f"/airlock/{made.pk}/").content.decode()
        assert SECRET not in page
        assert "<h2>Reviews</h2>" not in page
        assert "Your review is in" not in page


# An insider with the database


def _more(made: Request, **changes: object) -> None:
    Request.objects.filter(pk=made.pk).update(**changes)


def _fewer(made: Request) -> None:
    """Let the log say that one checker was enough."""

    def change(entry: Entry) -> None:
        if entry.event == "airlock.passed_to_review":
            entry.data["scrutiny"]["checkers"] = 1

    rewrite_log(change)


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (lambda made: RequestFile.objects.filter(name="before.csv").update(kind="output"), "submitted"),
        (lambda made: RequestFile.objects.filter(name="table.csv").update(kind="code"), "submitted"),
        (lambda made: Group.objects.update(controls="Nothing."), "submitted"),
        (lambda made: Group.objects.update(name="Other"), "submitted"),
        (lambda made: Turn.objects.update(members=["bob"]), "submitted"),
        (lambda made: Review.objects.update(roles=["data_manager"]), "handed in"),
        (lambda made: Review.objects.update(checkers=1), "handed in"),
        (lambda made: Review.objects.update(phase="consolidation"), "handed in"),
        (lambda made: Review.objects.filter(checker__username="cat").update(handed_in=None), "handed in"),
        (lambda made: Review.objects.filter(checker__username="cat").update(round=2), "handed in"),
        (_fewer, "not what inspection said"),
    ],
)
def test_whatever_is_changed_of_groups_kinds_turns_and_rounds_halts_the_release(study, harm, told):
    made = drafts.draft(as_seen_now("ann"), study, "Falls.")
    for name, kind in (("table.csv", "output"), ("before.csv", "supporting")):
        drafts.add_files(made.pk, as_seen_now("ann"), "Tables", [drafts.Upload(name, [SAFE])], kind)
    drafts.describe_group(made.pk, as_seen_now("ann"), "Tables", "Counts.", "Rounded.")
    submissions.submit_draft(made.pk, as_seen_now("ann"))
    work()
    for checker in ("cat", "dan"):
        vote(made, checker)
    harm(made)
    assert told in is_halted(made)


def test_a_third_who_was_asked_for_is_not_forgotten(study):
    made = reviewed(study)
    vote(made, "cat")
    take(made.pk, as_seen_now("dan"))
    escalate(made.pk, as_seen_now("dan"), "Look.")
    vote(made, "dan")
    _more(made, checkers=2, places=2, state="approved", phase="")
    assert "Three checkers have not approved" in is_halted(made)


def test_a_turn_that_was_counted_back_releases_nothing(study):
    made = reviewed(study)
    for checker in ("cat", "dan"):
        vote(made, checker, "return")
    submissions.revise(made.pk, as_seen_now("ann"))
    for review in Review.objects.all():
        Review.objects.filter(pk=review.pk).update(choice="approve")
        FileVote.objects.filter(review=review).update(choice="approve")
    _more(made, turn=1, state="approved")
    assert "not what was handed in" in is_halted(made)


def test_a_forged_second_turn_has_no_seal(study):
    made = reviewed(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    kept = storage().freeze([OTHER], 10_000)
    group = Group.objects.create(request=made, turn=2, name="Files", context="x", controls="y")
    Turn.objects.create(request=made, number=2, submitted=timezone.now())
    inspection = {**made.held()[0].inspection, "sha256": kept.sha256}
    RequestFile.objects.create(
        request=made, turn=2, group=group, name="table.csv", sha256=kept.sha256, size=kept.size, inspection=inspection
    )
    assert kept.sha256 == hashlib.sha256(OTHER).hexdigest()
    _more(made, turn=2)
    assert "not those that were submitted" in is_halted(made)


def test_nothing_that_people_wrote_stands_in_the_log(study):
    made = submit(study, context=SECRET)
    work()
    comments.comment(made.pk, as_seen_now("cat"), made.groups.get().pk, SECRET)
    vote(made, "cat", "return", SECRET)
    told = "".join(str(entry.data) for entry in Entry.objects.all())
    assert "Hughes" not in told
    assert "airlock.commented" in events(made)
