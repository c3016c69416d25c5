"""Who reviews a request: checkers take a place and give it back, are away, and ask for a third.

A turn has as many places as checkers have to agree, and one more where these do not. Whoever votes takes one.
"""

from __future__ import annotations

from datetime import date, datetime, time

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from tre.airlock.models import Absence, Assignment, Comment, Request
from tre.airlock.naming import check_text
from tre.airlock.services import PLATFORM, locked
from tre.airlock.telling import ask_for_another
from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import decide, require
from tre.policy.domain import Principal
from tre.runs.queue import enqueue

MOST_CHECKERS = 3  # that one checker may ask for


def assigned(request: Request) -> QuerySet[Assignment]:
    """Return the places of a request's turn that are taken."""
    return request.assignments.filter(turn=request.turn, ended=None)


def holds_place(request: Request, username: str) -> bool:
    """Return whether a person holds a place at the request's turn."""
    return assigned(request).filter(checker__username=username).exists()


def check_independent(request: Request, actor: Principal) -> None:
    """Refuse whoever was in the project while the files of any turn were put together, member still or not.

    Raises
    ------
    Refused
        When they were.
    """
    if any(actor.username in turn.members for turn in request.turns.all()):
        raise Refused("You were in its project when its files were made", where=f"request {request.pk}")


@transaction.atomic
def take(number: int, actor: Principal) -> Assignment:
    """Take a place at a request; one's own is found again.

    Raises
    ------
    Refused
        When the person may not review it, said that they are away, or no place is left for them.
    """
    request = locked(number)
    require(actor, "review_request", request.resource())
    return take_place(request, actor)


def take_place(request: Request, actor: Principal) -> Assignment:
    """Take a place at a locked request, for a person who may review it.

    Raises
    ------
    Refused
        When they were in its project, said that they are away, or no place is left for them.
    """
    check_independent(request, actor)
    held = assigned(request).filter(checker__username=actor.username).first()
    if held is not None:
        return held
    today = timezone.localdate()
    if Absence.objects.filter(checker__username=actor.username, first__lte=today, last__gte=today).exists():
        raise Refused("You said that you are away", where=f"request {request.pk}", todo="End your absence first")
    _check_place(request, actor)
    checker = Account.objects.get(username=actor.username)
    made = Assignment.objects.create(request=request, turn=request.turn, checker=checker)
    record("airlock.place_taken", actor=actor.username, subject=f"request:{request.pk}", data={"turn": request.turn})
    return made


def _check_place(request: Request, actor: Principal) -> None:
    if assigned(request).count() >= request.places:
        _free_unused(request)
    taken = [each.checker for each in assigned(request).select_related("checker")]
    if len(taken) >= request.places:
        raise Refused("Others review this request already", where=f"request {request.pk}", todo="Take another one")
    kept_for = {request.role} - {""} - {name for each in taken for name in each.role_names()}
    if len(taken) == request.places - 1 and kept_for - actor.roles:
        role = request.role.replace("_", " ")
        raise Refused(f"The last place is for a checker who is {role} too", where=f"request {request.pk}")


def _free_unused(request: Request) -> None:
    """End the places of who may not review any more, and, once an answer is overdue, of who has handed nothing in."""
    overdue = request.due is not None and request.due < timezone.now()
    for held in assigned(request).select_related("checker"):
        if has_handed_in(request, held.checker.username):
            continue
        if overdue or not decide(principal_of(held.checker, True), "review_request", request.resource()).allowed:
            _end(held, PLATFORM)


@transaction.atomic
def give_back(number: int, actor: Principal) -> None:
    """Give one's place back. What was saved stays, and is one's own alone.

    Raises
    ------
    Refused
        When the person holds none, or has handed in what counts.
    """
    request = locked(number)
    require(actor, "review_request", request.resource())
    held = assigned(request).filter(checker__username=actor.username).first()
    if held is None:
        raise Refused("You hold no place at this request", where=f"request {number}")
    if has_handed_in(request, actor.username):
        raise Refused("Your review is in: it counts", where=f"request {number}")
    _end(held, actor.username)


def has_handed_in(request: Request, username: str) -> bool:
    """Return whether a person's review of the request's turn is in."""
    mine = request.reviews.filter(turn=request.turn, checker__username=username)
    return mine.filter(handed_in__isnull=False).exists()


def _end(held: Assignment, actor: str) -> None:
    Assignment.objects.filter(pk=held.pk).update(ended=timezone.now())
    record("airlock.place_given_back", actor=actor, subject=f"request:{held.request_id}", data={"turn": held.turn})


@transaction.atomic
def escalate(number: int, actor: Principal, why: str) -> None:
    """Ask for a third checker: before the reviews are in, all three have to agree; afterwards a third voice decides.

    Raises
    ------
    Refused
        When the person holds no place, gives no reason, or a third is asked for already.
    """
    request = locked(number)
    require(actor, "review_request", request.resource())
    if not holds_place(request, actor.username):
        raise Refused("You hold no place at this request", where=f"request {number}", todo="Take one first")
    text = storable(why).strip()
    check_text(text, "The reason", "Say what a third should look at")
    if request.phase == "independent" and request.checkers < MOST_CHECKERS:
        request.checkers = request.places = MOST_CHECKERS
        request.low_risk = ""
    elif request.phase == "consolidation" and request.places == request.checkers:
        request.places += 1
    else:
        raise Refused("A third checker is asked for already", where=f"request {number}")
    request.save(update_fields=["checkers", "places", "low_risk"])
    Comment.objects.create(
        request=request, turn=request.turn, group=request.first_group(), text=text,
        author=Account.objects.get(username=actor.username), audience=Comment.Audience.CHECKERS,
    )  # fmt: skip
    data = {"turn": request.turn, "checkers": request.checkers, "places": request.places}
    record("airlock.escalated", actor=actor.username, subject=f"request:{number}", data=data)
    ask_for_another(request)


@transaction.atomic
def declare_absence(actor: Principal, first: date, last: date) -> Absence:
    """Say that one is away, from a day to a day; places are given back on the first.

    Raises
    ------
    Refused
        When the days are past or the wrong way round.
    """
    today = timezone.localdate()
    if last < first or last < today:
        raise Refused("An absence ends after it begins, and not before today", where="days", todo="Correct the days")
    made = Absence.objects.create(checker=Account.objects.get(username=actor.username), first=first, last=last)
    data = {"first": first.isoformat(), "last": last.isoformat()}
    record("airlock.absence_declared", actor=actor.username, subject=f"account:{actor.username}", data=data)
    begins = timezone.make_aware(datetime.combine(first, time.min))
    enqueue("airlock.absence", {"absence": made.pk}, once=f"airlock.absence:{made.pk}", due=begins)
    return made


@transaction.atomic
def end_absence(number: int, actor: Principal) -> None:
    """Take an absence of one's own back, or end it today.

    Raises
    ------
    Refused
        When the person has declared none of this number.
    """
    deleted, _ = Absence.objects.filter(pk=number, checker__username=actor.username).delete()
    if not deleted:
        raise Refused("You have declared no such absence", where=f"absence {number}")
    record("airlock.absence_ended", actor=actor.username, subject=f"account:{actor.username}")


@transaction.atomic
def give_back_of_absent(absence: int) -> None:
    """Give back the places of a checker whose absence begins, but for those whose review is in."""
    found = Absence.objects.select_related("checker").filter(pk=absence).first()
    if found is None or timezone.localdate() < found.first:
        return
    open_places = Assignment.objects.filter(checker=found.checker, ended=None, request__state="in_review")
    for number in sorted(set(open_places.values_list("request", flat=True))):
        request = locked(number)
        held = assigned(request).filter(checker=found.checker).first()
        if held is not None and not has_handed_in(request, found.checker.username):
            _end(held, found.checker.username)
