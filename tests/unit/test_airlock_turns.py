"""Requests in groups and turns: what is put together, sent back, answered, and what is never forgotten."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.airlock import SAFE, events, open_study, quick_inspection, state, vote, work
from tests.factories import as_seen_now, person
from tre.airlock import comments, drafts, jobs, recalls, seeing, services, submissions
from tre.airlock.assignments import give_back
from tre.airlock.deciding import Vote
from tre.airlock.drafts import Upload
from tre.airlock.models import Comment, FileVote, Release, Request, RequestFile, Review, Turn
from tre.airlock.naming import MODEL_FILES, MOST_GROUPS, MOST_TURNS
from tre.airlock.release import downloads
from tre.airlock.reviews import hand_in, save_vote
from tre.audit.models import Entry
from tre.config.options import load
from tre.errors import Refused
from tre.notices.models import Notice
from tre.people.models import Account
from tre.projects.models import Membership
from tre.runs.models import Job

pytestmark = pytest.mark.django_db
OTHER = SAFE.replace(b"120", b"125")
TOLD = {"context": "Falls by age.", "controls": "Counts under ten are hidden."}


@pytest.fixture
def study(monkeypatch):
    quick_inspection(monkeypatch)
    return open_study()


def ann():
    return as_seen_now("ann")


def put(number: int, *files: tuple[str, bytes], group: str = "Tables", kind: str | None = None) -> None:
    drafts.add_files(number, ann(), group, [Upload(name, [content]) for name, content in files], kind)


def drafted(study, *files: tuple[str, bytes]) -> Request:
    made = drafts.draft(ann(), study, "Falls, for the annual report.")
    put(made.pk, *files or (("table.csv", SAFE),))
    drafts.describe_group(made.pk, ann(), "Tables", **TOLD)
    return made


def submitted(study, *files: tuple[str, bytes]) -> Request:
    made = drafted(study, *files)
    submissions.submit_draft(made.pk, ann())
    work()
    return now(made)


def now(made: Request) -> Request:
    return Request.objects.get(pk=made.pk)


def returned(study, *files: tuple[str, bytes]) -> Request:
    made = submitted(study, *files)
    for checker in ("cat", "dan"):
        vote(made, checker, "return", "Say what is counted.")
    assert state(made) == "returned"
    return now(made)


def names(made: Request) -> list[str]:
    return sorted(file.name for file in now(made).held())


# Drafts


def test_a_draft_is_put_together_over_time_and_submitted_whole(study):
    made = drafted(study, ("a.csv", SAFE), ("b.csv", OTHER))
    assert state(made) == "draft"
    put(made.pk, ("notes/how.txt", b"How it was made."), group="Notes", kind="supporting")
    put(made.pk, ("a.csv", OTHER))  # of the same name: in its place
    with pytest.raises(Refused, match="context of group 2"):
        submissions.submit_draft(made.pk, ann())
    drafts.describe_group(made.pk, ann(), "Notes", **TOLD)
    submissions.submit_draft(made.pk, ann())
    assert state(made) == "submitted"
    assert names(made) == ["a.csv", "b.csv", "notes/how.txt"]
    assert {file.sha256 for file in now(made).held() if file.name == "a.csv"} == {hashlib.sha256(OTHER).hexdigest()}
    assert events(made)[0] == "airlock.drafted"
    assert events(made)[-1] == "airlock.submitted"


@pytest.mark.parametrize("missing", ["context", "controls"])
def test_every_group_says_what_it_is_and_why_it_is_safe(study, missing):
    made = drafted(study)
    drafts.describe_group(made.pk, ann(), "Tables", **{**TOLD, missing: "  "})
    with pytest.raises(Refused, match=f"The {missing} of group 1"):
        submissions.submit_draft(made.pk, ann())
    assert state(made) == "draft"


def test_an_empty_draft_and_one_that_lets_nothing_out_are_not_submitted(study):
    made = drafts.draft(ann(), study, "Nothing.")
    with pytest.raises(Refused, match="at least one file"):
        submissions.submit_draft(made.pk, ann())
    put(made.pk, ("a.csv", SAFE), kind="supporting")
    drafts.describe_group(made.pk, ann(), "Tables", **TOLD)
    with pytest.raises(Refused, match="let out"):
        submissions.submit_draft(made.pk, ann())
    drafts.change_file(made.pk, ann(), now(made).held()[0].pk, "Results", "output")
    assert list(now(made).groups.values_list("name", flat=True)) == ["Results"]  # the empty one is gone
    drafts.remove_file(made.pk, ann(), now(made).held()[0].pk)
    assert now(made).held() == []
    assert not now(made).groups.exists()


def test_the_limits_are_of_the_whole_turn(study, monkeypatch):
    made = drafted(study, ("a.csv", b"x" * 60))
    monkeypatch.setattr(drafts, "MOST_BYTES", 100)
    with pytest.raises(Refused, match="bytes"):
        put(made.pk, ("b.csv", b"y" * 60))
    put(made.pk, ("a.csv", b"y" * 90))  # in its place, so that there is room
    monkeypatch.setattr(drafts, "MOST_FILES", 1)
    with pytest.raises(Refused, match="may hold 1 files"):
        put(made.pk, ("b.csv", b"y"))
    monkeypatch.setattr(drafts, "MOST_GROUPS", 1)
    with pytest.raises(Refused, match="1 groups"):
        drafts.change_file(made.pk, ann(), now(made).held()[0].pk, "More", "output")
    assert MOST_GROUPS > 1


def test_a_models_files_are_known_by_their_folder(study):
    made = drafted(study, *((f"m/{name}", name.encode()) for name in sorted(MODEL_FILES)), ("a.csv", SAFE))
    assert {file.name: file.kind for file in now(made).held()} == {
        **{f"m/{name}": "model" for name in MODEL_FILES}, "a.csv": "output",
    }  # fmt: skip


@pytest.mark.parametrize("who", ["cat", "amy", "bob"])
def test_nobody_else_touches_a_draft_or_sees_it(study, who):
    person("amy", "researcher")
    person("bob", "researcher")
    Membership.objects.create(project=study, account=Account.objects.get(username="amy"), lead=False)
    made, someone = drafted(study), as_seen_now(who)
    file = now(made).held()[0].pk
    for act in (
        lambda: drafts.add_files(made.pk, someone, "Tables", [Upload("b.csv", [SAFE])]),
        lambda: drafts.describe_group(made.pk, someone, "Tables", "x", "y"),
        lambda: drafts.change_file(made.pk, someone, file, "Tables", "code"),
        lambda: drafts.remove_file(made.pk, someone, file),
        lambda: submissions.submit_draft(made.pk, someone),
        lambda: services.withdraw(made.pk, someone),
    ):
        with pytest.raises(Refused):
            act()
    assert names(made) == ["table.csv"]


def test_what_is_submitted_changes_no_more(study):
    made = submitted(study)
    file = made.held()[0].pk
    for act in (
        lambda: put(made.pk, ("b.csv", OTHER)),
        lambda: drafts.describe_group(made.pk, ann(), "Tables", "x", "y"),
        lambda: drafts.remove_file(made.pk, ann(), file),
        lambda: submissions.revise(made.pk, ann()),
    ):
        with pytest.raises(Refused):
            act()
    assert names(made) == ["table.csv"]


def test_who_left_the_project_puts_nothing_more_into_a_draft(study):
    made = drafted(study)
    Membership.objects.filter(project=study).delete()
    with pytest.raises(Refused):
        put(made.pk, ("b.csv", OTHER))


# What supports


def test_what_supports_is_shown_and_never_leaves_nor_is_voted_on(study):
    made = drafted(study)
    put(made.pk, ("before.csv", OTHER), kind="supporting")
    submissions.submit_draft(made.pk, ann())
    work()
    before = now(made).files.get(name="before.csv")
    with pytest.raises(Refused, match="lets no such file out"):
        save_vote(made.pk, as_seen_now("cat"), Vote(before.pk, "approve", "", before.sha256))
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    assert state(made) == "released"
    release = Release.objects.get(request=made)
    assert [each["name"] for each in release.files] == ["table.csv"]
    assert not load().path("release", release.identity, "before.csv").exists()


# Turns


def test_a_request_comes_back_is_answered_and_nothing_of_before_is_lost(study):
    made = returned(study, ("a.csv", SAFE), ("b.csv", OTHER))
    comments.comment(made.pk, ann(), made.groups.get().pk, "I will say it.")
    first = list(made.held())
    submissions.revise(made.pk, ann())
    assert (now(made).turn, state(made)) == (2, "draft")
    put(made.pk, ("b.csv", SAFE + b"90s,30\n"), ("c.csv", OTHER))
    drafts.remove_file(made.pk, ann(), now(made).files.get(turn=2, name="a.csv").pk)
    with pytest.raises(Refused, match="answer"):
        submissions.submit_draft(made.pk, ann(), "  ")
    submissions.submit_draft(made.pk, ann(), "People are counted; a.csv is left out.")
    work()
    assert names(made) == ["b.csv", "c.csv"]
    assert [(file.name, file.sha256) for file in made.files.filter(turn=1)] == [(f.name, f.sha256) for f in first]
    assert all(file.inspection for file in made.files.all())
    assert Review.objects.filter(request=made, turn=1, handed_in__isnull=False).count() == 2
    assert FileVote.objects.filter(review__turn=1, review__request=made).count() == 4
    assert Comment.objects.filter(request=made, turn=1).count() == 1
    turns = list(Turn.objects.filter(request=made).values_list("number", "outcome", "answer"))
    assert turns == [(1, "returned", ""), (2, "", "People are counted; a.csv is left out.")]
    assert len(seeing.visible_reviews(now(made), ann(), 1)) == 2
    assert len(seeing.visible_reviews(now(made), as_seen_now("eve"), 1)) == 2


def test_a_changed_file_has_no_votes_and_an_unchanged_one_its_checkers_own(study):
    made = submitted(study, ("a.csv", SAFE), ("b.csv", SAFE), ("c.csv", SAFE))
    for checker in ("cat", "dan"):
        for file in made.held():
            choice = "return" if file.name == "c.csv" else "approve"
            save_vote(made.pk, as_seen_now(checker), Vote(file.pk, choice, "Why?", file.sha256))
        hand_in(made.pk, as_seen_now(checker))
    submissions.revise(made.pk, ann())
    put(made.pk, ("b.csv", OTHER))
    submissions.submit_draft(made.pk, ann(), "b is mended, c is right.")
    work()
    kept = seeing.saved_votes(now(made), as_seen_now("cat"))
    assert [(vote.file.name, vote.choice) for vote in kept.values()] == [("a.csv", "approve")]
    assert seeing.visible_reviews(now(made), as_seen_now("cat")) == []  # nothing counts before it is handed in
    assert seeing.saved_votes(now(made), as_seen_now("eve")) == {}
    assert state(made) == "in_review"


def test_a_blocked_request_has_a_next_version_and_one_that_was_halted_has_not(study):
    made = submitted(study)
    Request.objects.filter(pk=made.pk).update(state="blocked", phase="")
    submissions.revise(made.pk, ann())
    assert state(made) == "draft"
    Request.objects.filter(pk=made.pk).update(state="blocked", phase="halted")
    with pytest.raises(Refused):
        submissions.revise(made.pk, ann())


def test_turns_end(study, monkeypatch):
    made = returned(study)
    monkeypatch.setattr(submissions, "MOST_TURNS", 1)
    with pytest.raises(Refused, match="1 turns"):
        submissions.revise(made.pk, ann())
    assert MOST_TURNS > 1


def test_the_second_turn_is_released_by_its_own_reviews_and_bytes(study):
    made = returned(study)
    submissions.revise(made.pk, ann())
    put(made.pk, ("table.csv", OTHER))
    submissions.submit_draft(made.pk, ann(), "Mended.")
    work()
    for checker in ("eve", "dan"):
        if checker == "eve":  # the two of before hold their places: one gives it back
            give_back(made.pk, as_seen_now("cat"))
        vote(now(made), checker)
    work()
    assert state(made) == "released"
    release = Release.objects.get(request=made)
    assert load().path("release", release.identity, "table.csv").read_bytes() == OTHER


# Comments


def test_a_comment_is_about_lines_of_a_file_or_a_group_and_needs_a_text(study):
    made = submitted(study)
    file, cat = made.held()[0], as_seen_now("cat")
    said = comments.comment(
        made.pk, cat, file.group_id, "This row?", file=file.pk, lines=comments.Lines(2, 3), checkers_only=True
    )
    assert (said.first_line, said.last_line, said.audience) == (2, 3, "checkers")
    for told in ({"text": " "}, {"text": "x", "file": 999}, {"text": "x", "lines": comments.Lines(1, 1)}):
        with pytest.raises(Refused):
            comments.comment(made.pk, cat, file.group_id, **told)
    for first, last in ((0, 1), (3, 2)):
        with pytest.raises(Refused):
            comments.Lines(first, last)
    assert comments.comment(made.pk, ann(), file.group_id, "Mine.", checkers_only=True).audience == "public"


def test_the_author_reads_what_is_public_once_it_is_decided_and_never_what_is_among_checkers(study):
    made = submitted(study)
    group = made.groups.get().pk
    comments.comment(made.pk, as_seen_now("cat"), group, "For you.")
    comments.comment(made.pk, as_seen_now("cat"), group, "For us.", checkers_only=True)
    assert seeing.visible_comments(now(made), ann()) == []
    assert seeing.visible_comments(now(made), as_seen_now("dan")) == []  # blind while reviews are independent
    assert len(seeing.visible_comments(now(made), as_seen_now("cat"))) == 2
    for checker in ("cat", "dan"):
        vote(made, checker, "return")
    assert [each.text for each in seeing.visible_comments(now(made), ann())] == ["For you."]
    assert len(seeing.visible_comments(now(made), as_seen_now("dan"))) == 2
    told = str(seeing.author_comments(now(made)))
    assert "For you." in told
    assert "For us." not in told


def test_a_draft_is_not_commented_on(study):
    made = drafted(study)
    with pytest.raises(Refused, match="draft"):
        comments.comment(made.pk, ann(), now(made).groups.get().pk, "x")


# Expiry and recall


def test_what_waits_for_its_author_too_long_expires_and_only_if_it_still_waits(study):
    made = returned(study)
    job = Job.objects.get(kind="airlock.expire")
    assert job.due > timezone.now() + timedelta(days=50)
    submissions.revise(made.pk, ann())
    jobs.expire_request(job.payload)
    assert state(made) == "draft"  # it did not wait any more


def test_a_draft_expires(study):
    made = drafted(study)
    services.expire(made.pk, 1, "draft")
    assert state(made) == "expired"
    assert events(made)[-1] == "airlock.expired"


def test_a_recall_ends_downloads_and_tells_everybody_who_has_it(study):
    made = submitted(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    person("dep", "deployer")
    file = RequestFile.objects.get(request=made)
    downloads.write_taken(Release.objects.get(request=made), "file", file.sha256, ann())
    with pytest.raises(Refused):
        recalls.recall(made.pk, ann(), "Mine.")
    with pytest.raises(Refused, match="reason"):
        recalls.recall(made.pk, as_seen_now("eve"), " ")
    recalls.recall(made.pk, as_seen_now("eve"), "A count is wrong.")
    assert state(made) == "recalled"
    told = Notice.objects.filter(kind="recalled")
    assert [(each.account.username, each.text, each.about) for each in told] == [
        ("ann", "A count is wrong.", f"request:{made.pk}")
    ]
    assert Entry.objects.get(event="airlock.recalled").data["told"] == ["ann"]
    with pytest.raises(Refused):
        recalls.recall(made.pk, as_seen_now("eve"), "Again.")


def test_a_recalled_model_is_told_to_whoever_takes_models_out(study):
    made = submitted(study)
    for checker in ("cat", "dan"):
        vote(made, checker)
    work()
    person("dep", "deployer")
    Release.objects.update(models_registered=[{"name": "m"}])
    recalls.recall(made.pk, as_seen_now("eve"), "It is wrong.")
    assert {each.account.username for each in Notice.objects.filter(kind="recalled")} == {"ann", "dep"}
