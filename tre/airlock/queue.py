"""The queue: what waits for a checker, with its age, risk and service level; and a person's other requests.

The database orders and cuts it, so that a page costs the same however many requests there are; what it leaves is asked
of the policies, one request at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from tre.airlock.models import Assignment, Request, RequestFile, Review
from tre.policy.decision import decide
from tre.policy.domain import Principal, Resource

WAITING, OTHERS = 10, 10  # on a page: each costs a question to the policies
# By what the queue is sorted, and how; the first is the default.
SORTS = {
    "due": ("Answer due", (F("due").asc(nulls_last=True), "id")),
    "age": ("Age", ("id",)),
    "risk": ("Risk, highest first", ("-risk", F("due").asc(nulls_last=True), "id")),
}

# A request of nobody: who may see it may see more than their own, so that there is more to look for.
_ANOTHERS = Resource("Request", "0", {"author": "nobody", "project": "nothing", "state": "in_review"})


@dataclass(frozen=True)
class Waiting:
    """One request that waits for checkers: whether the person holds a place, and whether an answer is overdue."""

    request: Request
    mine: bool
    overdue: bool
    free: int


@dataclass(frozen=True)
class Queue:
    """One page of what waits for a person, and whether there is more."""

    rows: list[Waiting]
    number: int
    more: bool


@dataclass(frozen=True)
class Page:
    """One page of requests, and whether there are more."""

    rows: list[Request]
    number: int
    more: bool


def waiting(person: Principal, sort: str = "", page: int = 1) -> Queue:
    """Return what a person may review and has not, own places first, one page of it.

    Parameters
    ----------
    sort : str
        One of :data:`SORTS`; whatever is none means the first.
    """
    _, order = SORTS.get(sort, SORTS["due"])
    done = _reviews_of(person).filter(request=OuterRef("pk"), turn=OuterRef("turn"), handed_in__isnull=False)
    held = Q(pk__in=_places_of(person).values("request"))
    barred = Q(author__username=person.username) | Q(project__code__in=person.projects | person.past_projects)
    mine = held & ~(Q(phase="independent") & Exists(done))
    free = ~held & ~barred & Q(places__gt=_taken())
    found = Request.objects.filter(mine | free, state="in_review")
    ordered = _counted(found).annotate(own=Case(When(held, then=1), default=0)).order_by("-own", *order)
    start, now = WAITING * (page - 1), timezone.now()
    rows = list(ordered[start : start + WAITING + 1])
    shown = [
        Waiting(
            each,
            bool(vars(each)["own"]),
            each.due is not None and each.due < now,
            each.places - int(vars(each)["taken"]),
        )
        for each in rows[:WAITING]
        if decide(person, "review_request", each.resource()).allowed
    ]
    return Queue(shown, page, len(rows) > WAITING)


def is_checker(person: Principal) -> bool:
    """Return whether the person may review what others ask for."""
    return decide(person, "review_request", _ANOTHERS).allowed


def others(person: Principal, beside: set[int], page: int = 1) -> Page:
    """Return the other requests that a person may see, newest first, one page of them."""
    everything = _counted(Request.objects.exclude(pk__in=beside)).order_by("-id")
    if not decide(person, "view_request", _ANOTHERS).allowed:
        everything = everything.filter(author__username=person.username)
    start = OTHERS * (page - 1)
    rows = list(everything[start : start + OTHERS + 1])
    seen = [each for each in rows[:OTHERS] if decide(person, "view_request", each.resource()).allowed]
    return Page(seen, page, len(rows) > OTHERS)


def _reviews_of(person: Principal) -> QuerySet[Review]:
    return Review.objects.filter(checker__username=person.username)


def _places_of(person: Principal) -> QuerySet[Assignment]:
    return Assignment.objects.filter(checker__username=person.username, ended=None, turn=F("request__turn"))


def _counted(found: QuerySet[Request]) -> QuerySet[Request]:
    """Count each request's files and taken places by queries of their own: the page's rows alone are counted."""
    files = RequestFile.objects.filter(request=OuterRef("pk"), turn=OuterRef("turn"))
    return found.select_related("project", "author").annotate(held_files=_count(files), taken=_taken())


def _taken() -> Coalesce:
    return _count(Assignment.objects.filter(request=OuterRef("pk"), turn=OuterRef("turn"), ended=None))


def _count(found: QuerySet[Any]) -> Coalesce:
    counted = found.order_by().values("request").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted), 0)
