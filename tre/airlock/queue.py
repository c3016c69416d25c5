"""The queue: what waits for a checker, with its age, risk and service level; and a person's other requests.

The database orders and cuts it, so that a page costs the same however many requests there are; what it leaves is asked
of the policies, one request at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from tre.airlock.models import Assignment, Request
from tre.policy.decision import decide
from tre.policy.domain import Principal, Resource

PAGE = 25
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
class Page:
    """One page of requests, and whether there are more."""

    rows: list[Request]
    number: int
    more: bool


def waiting(person: Principal, sort: str = "") -> list[Waiting]:
    """Return what a person may review and has not, own places first, at most a page of each.

    Parameters
    ----------
    sort : str
        One of :data:`SORTS`; whatever is none means the first.
    """
    _, order = SORTS.get(sort, SORTS["due"])
    found = _counted(Request.objects.filter(state="in_review"))
    done = Q(reviews__turn=F("turn"), reviews__checker__username=person.username, reviews__handed_in__isnull=False)
    mine = Q(assignments__turn=F("turn"), assignments__ended=None, assignments__checker__username=person.username)
    theirs = found.filter(pk__in=Request.objects.filter(mine).values("pk")).order_by(*order)
    theirs = theirs.exclude(Q(phase="independent") & Q(pk__in=Request.objects.filter(done).values("pk")))
    barred = Q(author__username=person.username) | Q(project__code__in=person.projects | person.past_projects)
    free = found.exclude(pk__in=Request.objects.filter(mine).values("pk")).exclude(barred).order_by(*order)
    rows = [*theirs[:PAGE], *(each for each in free[: 2 * PAGE] if _taken(each) < each.places)][: 2 * PAGE]
    held = set(_places_of(person).values_list("request", flat=True))
    now = timezone.now()
    return [
        Waiting(each, each.pk in held, _is_over(each.due, now), each.places - _taken(each))
        for each in rows
        if decide(person, "review_request", each.resource()).allowed
    ]


def others(person: Principal, beside: set[int], page: int = 1) -> Page:
    """Return the other requests that a person may see, newest first, one page of them."""
    everything = _counted(Request.objects.exclude(pk__in=beside))
    if not decide(person, "view_request", _ANOTHERS).allowed:
        everything = everything.filter(author__username=person.username)
    start = PAGE * (page - 1)
    rows = list(everything[start : start + PAGE + 1])
    seen = [each for each in rows[:PAGE] if decide(person, "view_request", each.resource()).allowed]
    return Page(seen, page, len(rows) > PAGE)


def _places_of(person: Principal) -> QuerySet[Assignment]:
    return Assignment.objects.filter(checker__username=person.username, ended=None, turn=F("request__turn"))


def _counted(found: QuerySet[Request]) -> QuerySet[Request]:
    files = Count("files", filter=Q(files__turn=F("turn")), distinct=True)
    open_places = Q(assignments__turn=F("turn"), assignments__ended=None)
    taken = Count("assignments", filter=open_places, distinct=True)
    return found.select_related("project", "author").annotate(held_files=files, taken=taken)


def _taken(request: Request) -> int:
    return int(getattr(request, "taken", 0))


def _is_over(due: datetime | None, now: datetime) -> bool:
    return due is not None and due < now
