"""What was released before on the same data, by any project, for who reviews a request: two may tell more than one.

Inspection holds a request against the counts of every release (:mod:`tre.airlock.differencing`) and names those that
give something away beside it. What it cannot read a checker may want to look at.
"""

from __future__ import annotations

from dataclasses import dataclass

from tre.airlock.models import Release, Request
from tre.airlock.seeing import is_of_project
from tre.policy.decision import decide
from tre.policy.domain import Principal

MOST = 20


@dataclass(frozen=True)
class Before:
    """The newest releases on some of a request's data, each with the datasets that both use; whether there are more."""

    releases: tuple[tuple[Release, tuple[str, ...]], ...] = ()
    more: bool = False


def released_before(found: Request, person: Principal) -> Before:
    """Return what was released on the datasets of a request's project; nothing to its author, as of others' requests.

    What a person may not see is left out: their own projects' releases are judged by others.
    """
    if is_of_project(found, person):
        return Before()
    mine = set(found.project.agreements.values_list("dataset", flat=True))
    same = Release.objects.filter(request__project__agreements__dataset__in=mine).exclude(request=found).distinct()
    same = same.select_related("request__project", "request__author")
    rows = list(same.prefetch_related("request__project__agreements").order_by("-at", "-pk")[: MOST + 1])
    seen = [each for each in rows[:MOST] if decide(person, "view_request", each.request.resource()).allowed]
    return Before(tuple((each, _shared(each, mine)) for each in seen), len(rows) > MOST)


def _shared(release: Release, mine: set[str]) -> tuple[str, ...]:
    return tuple(sorted({each.dataset for each in release.request.project.agreements.all()} & mine))
