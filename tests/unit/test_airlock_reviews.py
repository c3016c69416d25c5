"""Reviews: saved vote by vote, handed in whole, blind until all are in, consolidated, and by whom there is a place."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.airlock import SAFE, events, open_study, placed, quick_inspection, state, submit, vote, work
from tests.factories import LATER, TODAY, as_seen_now, person
from tests.unit.test_pages import browser
from tre.airlock import assignments, jobs, queue, seeing
from tre.airlock.assignments import assigned, declare_absence, escalate, give_back, take
from tre.airlock.comments import comment
from tre.airlock.deciding import Vote
from tre.airlock.models import Absence, Comment, FileVote, Request, Review
from tre.airlock.reviews import hand_in, save_vote
from tre.audit.models import Entry
from tre.errors import Refused
from tre.people.models import Account
from tre.projects.models import Membership, PastMembership
from tre.runs.models import Job

pytestmark = pytest.mark.django_db
FILES = (("a.csv", SAFE), ("b.csv", SAFE + b"90s,30\n"))


@pytest.fixture
def made(monkeypatch) -> Request:
    quick_inspection(monkeypatch)
    request = submit(open_study(), *FILES)
    work()
    return now(request)


def now(request: Request) -> Request:
    return Request.objects.get(pk=request.pk)


def save(request: Request, who: str, name: str, choice: str = "approve", text: str = "Because.") -> None:
    file = next(each for each in now(request).held() if each.name == name)
    save_vote(request.pk, as_seen_now(who), Vote(file.pk, choice, text, file.sha256))


def taken(request: Request) -> set[str]:
    return set(assigned(now(request)).values_list("checker__username", flat=True))


# One by one


def test_votes_are_saved_one_by_one_and_count_when_they_are_handed_in(made):
    save(made, "cat", "a.csv")
    with pytest.raises(Refused, match="one vote"):
        hand_in(made.pk, as_seen_now("cat"))
    save(made, "cat", "b.csv", "return", "")
    save(made, "cat", "a.csv", "reject", "No.")  # another mind
    with pytest.raises(Refused, match="comment"):
        hand_in(made.pk, as_seen_now("cat"))
    assert "airlock.reviewed" not in events(made)
    save(made, "cat", "b.csv")
    assert hand_in(made.pk, as_seen_now("cat")).choice == "reject"
    assert FileVote.objects.filter(review__request=made).count() == 2


def test_a_public_comment_on_the_file_says_what_has_to_change_too(made):
    file = made.held()[0]
    save(made, "cat", "a.csv", "return", "")
    save(made, "cat", "b.csv")
    comment(made.pk, as_seen_now("cat"), file.group_id, "Among us.", file=file.pk, checkers_only=True)
    with pytest.raises(Refused, match="comment"):
        hand_in(made.pk, as_seen_now("cat"))
    comment(made.pk, as_seen_now("cat"), file.group_id, "Say the year.", file=file.pk)
    assert hand_in(made.pk, as_seen_now("cat")).choice == "return"


def test_saved_votes_are_ones_own_and_a_hand_in_is_not_seen(made):
    save(made, "cat", "a.csv", "reject", "No.")
    for who in ("dan", "ann"):
        assert seeing.saved_votes(now(made), as_seen_now(who)) == {}
        assert seeing.visible_reviews(now(made), as_seen_now(who)) == []
    vote(made, "cat")
    for who in ("dan", "eve", "ann"):
        assert seeing.visible_reviews(now(made), as_seen_now(who)) == []
    assert len(seeing.visible_reviews(now(made), as_seen_now("cat"))) == 1


def test_a_file_at_a_time_may_be_in_conflict(made):
    for who, name, choice in (("cat", "a.csv", "return"), ("cat", "b.csv", "approve"), ("dan", "a.csv", "approve")):
        save(made, who, name, choice)
    save(made, "dan", "b.csv", "approve")
    hand_in(made.pk, as_seen_now("cat"))
    hand_in(made.pk, as_seen_now("dan"))
    assert now(made).place == ("in_review", "consolidation")
    assert len(seeing.visible_reviews(now(made), as_seen_now("dan"))) == 2
    assert seeing.visible_reviews(now(made), as_seen_now("ann")) == []
    save(made, "cat", "a.csv", "approve")
    hand_in(made.pk, as_seen_now("cat"))
    assert state(made) == "approved"
    assert [each.round for each in Review.objects.filter(request=made, checker__username="cat")] == [1, 2]
    assert [entry.data["phase"] for entry in Entry.objects.filter(event="airlock.reviewed")] == [
        "independent", "independent", "consolidation",
    ]  # fmt: skip


def test_one_conflict_that_stands_needs_a_third_voice(made):
    vote(made, "cat")
    vote(made, "dan", "return")
    with pytest.raises(Refused, match="Others"):
        take(made.pk, as_seen_now("eve"))
    vote(made, "cat")
    assert now(made).places == 2
    hand_in(made.pk, as_seen_now("dan"))  # stands by it
    assert now(made).places == 3
    vote(made, "eve")
    assert state(made) == "approved"


def test_whoever_hands_in_again_while_reviews_are_independent_is_refused(made):
    vote(made, "cat")
    for act in (
        lambda: vote(made, "cat"),
        lambda: save(made, "cat", "a.csv"),
        lambda: hand_in(made.pk, as_seen_now("cat")),
    ):
        with pytest.raises(Refused, match="already"):
            act()


# Never


def test_nobody_who_is_or_was_in_the_project_or_is_not_trained_reviews(made):
    person("amy", "output_checker")
    person("old", "output_checker", trained=False)
    person("now", "output_checker")
    Membership.objects.create(project=made.project, account=Account.objects.get(username="now"), lead=False)
    PastMembership.objects.create(project=made.project, account=Account.objects.get(username="amy"))
    for who in ("amy", "old", "now", "ann"):
        for act in (
            lambda who=who: save(made, who, "a.csv"),
            lambda who=who: take(made.pk, as_seen_now(who)),
            lambda who=who: hand_in(made.pk, as_seen_now(who)),
            lambda who=who: vote(made, who),
        ):
            with pytest.raises(Refused):
                act()
    assert not Review.objects.exists()


def test_who_was_in_the_project_while_files_were_made_is_known_by_the_turn(made):
    turn = made.turns.get()
    assert turn.members == ["ann"]
    turn.members = ["ann", "cat"]
    turn.save()
    with pytest.raises(Refused, match="when its files were made"):
        vote(made, "cat")


# Places


def test_a_place_is_taken_given_back_and_taken_by_another(made):
    take(made.pk, as_seen_now("cat"))
    assert take(made.pk, as_seen_now("cat")).pk == take(made.pk, as_seen_now("cat")).pk
    save(made, "dan", "a.csv")  # whoever votes takes one
    assert taken(made) == {"cat", "dan"}
    with pytest.raises(Refused, match="Others"):
        save(made, "eve", "a.csv")
    give_back(made.pk, as_seen_now("dan"))
    vote(made, "eve")
    assert taken(made) == {"cat", "eve"}
    for who, told in (("dan", "no place"), ("eve", "counts")):
        with pytest.raises(Refused, match=told):
            give_back(made.pk, as_seen_now(who))


def test_places_of_who_may_not_review_any_more_or_is_overdue_are_free(made):
    take(made.pk, as_seen_now("cat"))
    vote(made, "dan")
    Account.objects.filter(username="cat").update(training_expires=TODAY - timedelta(days=1))
    take(made.pk, as_seen_now("eve"))
    assert taken(made) == {"dan", "eve"}
    Request.objects.filter(pk=made.pk).update(due=timezone.now() - timedelta(hours=1))
    person("fay", "output_checker")
    vote(made, "fay")
    assert taken(made) == {"dan", "fay"}  # dan's is in: it counts
    assert state(made) == "approved"


def test_days_of_absence_give_places_back_and_take_none(made):
    take(made.pk, as_seen_now("cat"))
    vote(made, "dan")
    for first, last in ((TODAY, TODAY - timedelta(days=1)), (TODAY - timedelta(days=3), TODAY - timedelta(days=1))):
        with pytest.raises(Refused):
            declare_absence(as_seen_now("cat"), first, last)
    held = declare_absence(as_seen_now("cat"), TODAY, LATER)
    declare_absence(as_seen_now("dan"), TODAY, LATER)
    later = declare_absence(as_seen_now("eve"), LATER, LATER)
    work()
    assert taken(made) == {"dan"}
    with pytest.raises(Refused, match="away"):
        take(made.pk, as_seen_now("cat"))
    take(made.pk, as_seen_now("eve"))
    jobs.begin_absence({"absence": later.pk})  # not yet
    assert taken(made) == {"dan", "eve"}
    with pytest.raises(Refused):
        assignments.end_absence(held.pk, as_seen_now("eve"))
    assignments.end_absence(held.pk, as_seen_now("cat"))
    jobs.begin_absence({"absence": held.pk})
    assert Absence.objects.count() == 2
    assert Job.objects.get(once=f"airlock.absence:{later.pk}").due > timezone.now()


# A third


def test_a_checker_asks_for_a_third_and_then_three_have_to_agree(made):
    with pytest.raises(Refused, match="no place"):
        escalate(made.pk, as_seen_now("cat"), "A rare disease.")
    save(made, "cat", "a.csv")
    with pytest.raises(Refused, match="reason"):
        escalate(made.pk, as_seen_now("cat"), " ")
    escalate(made.pk, as_seen_now("cat"), "A rare disease.")
    with pytest.raises(Refused, match="already"):
        escalate(made.pk, as_seen_now("cat"), "Again.")
    assert Comment.objects.get().audience == "checkers"
    for who in ("cat", "dan"):
        vote(made, who)
    assert state(made) == "in_review"
    vote(made, "eve")
    assert state(made) == "approved"
    work()
    assert state(made) == "released"


def test_a_third_voice_is_asked_for_at_once_in_a_consolidation(made):
    vote(made, "cat")
    vote(made, "dan", "reject")
    escalate(made.pk, as_seen_now("dan"), "We do not agree.")
    vote(made, "eve", "reject")
    assert state(made) == "rejected"


def test_the_last_place_is_kept_for_a_role_that_policy_asks_for(made):
    Request.objects.filter(pk=made.pk).update(role="data_manager")
    person("dee", "output_checker", "data_manager")
    take(made.pk, as_seen_now("cat"))
    with pytest.raises(Refused, match="data manager"):
        take(made.pk, as_seen_now("dan"))
    vote(made, "dee")
    vote(made, "cat")
    assert state(made) == "approved"


# The queue


def test_the_queue_shows_what_is_free_and_ones_own_with_age_risk_and_service_level(made):
    (found,) = queue.waiting(as_seen_now("cat")).rows
    assert (found.mine, found.overdue, found.free) == (False, False, 2)
    assert vars(found.request)["held_files"] == 2
    save(made, "cat", "a.csv")
    take(made.pk, as_seen_now("dan"))
    Request.objects.update(due=timezone.now() - timedelta(minutes=1))
    (found,) = queue.waiting(as_seen_now("cat")).rows
    assert (found.mine, found.overdue, found.free) == (True, True, 0)
    assert queue.waiting(as_seen_now("eve")).rows == []
    assert queue.waiting(as_seen_now("ann")).rows == []
    vote(made, "cat")
    assert queue.waiting(as_seen_now("cat")).rows == []
    assert [each.pk for each in queue.others(as_seen_now("cat"), set()).rows] == [made.pk]


def test_the_queue_is_sorted_by_what_is_asked(made):
    second = submit(made.project, ("c.csv", SAFE + b"91s,40\n"))
    work()
    Request.objects.filter(pk=second.pk).update(risk=30, due=timezone.now())
    order = {
        sort: [each.request.pk for each in queue.waiting(as_seen_now("cat"), sort).rows]
        for sort in ("due", "age", "risk", "?")
    }
    assert order == {
        "due": [second.pk, made.pk], "age": [made.pk, second.pk], "risk": [second.pk, made.pk],
        "?": [second.pk, made.pk],
    }  # fmt: skip


def test_the_queue_asks_the_database_no_more_for_more_requests(made):
    def asked() -> int:
        client = browser("cat")
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/airlock/").status_code == 200
        return len(queries)

    few = asked()
    for number in range(6):
        placed(made.project, "ann", "in_review", SAFE + b"%d" % number)
        placed(made.project, "ann", "returned", SAFE + b"%d" % number)
    assert asked() == few


def test_a_page_of_other_requests_is_cut(made, monkeypatch):
    for name in ("WAITING", "OTHERS"):
        monkeypatch.setattr(queue, name, 1)
    submit(made.project, ("c.csv", SAFE + b"91s,40\n"))
    newer, older = (queue.others(as_seen_now("ann"), set(), page) for page in (1, 2))
    assert (len(newer.rows), newer.more, len(older.rows), older.more) == (1, True, 1, False)
    assert newer.rows[0].pk > older.rows[0].pk == made.pk
