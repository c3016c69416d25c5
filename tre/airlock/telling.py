"""Whom the airlock tells of what happens to a request, in the transaction of the change."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from tre.airlock.domain import Event
from tre.airlock.models import Absence, Request
from tre.notices.domain import Kind
from tre.notices.services import tell
from tre.people.models import Account

# What a request's author is told of, by what happens to it. What they do themselves they know.
AUTHOR: dict[Event, Kind] = {
    "block": "blocked", "return": "returned", "approve": "approved", "let_pass": "approved", "reject": "rejected",
    "halt": "halted", "finish": "released", "expire": "expired",
}  # fmt: skip
# What its checkers are told of.
CHECKERS: dict[Event, Kind] = {"pass_to_review": "review_wanted", "consolidate": "not_agreed"}
# What nobody is told of: their own acts, steps of the platform's that another follows, and a recall, which tells by
# itself whoever has the release (tre.airlock.recalls).
NOBODY: frozenset[Event] = frozenset({"submit", "inspect", "revise", "release", "withdraw", "recall"})


def announce(request: Request, event: Event, entry: int) -> None:
    """Tell whoever has to know that this happened to a request; after its audit entry.

    Parameters
    ----------
    entry : int
        The number of the entry that the log has of it.
    """
    about, once = f"request:{request.pk}", f"audit:{entry}"
    if event in AUTHOR:
        tell(AUTHOR[event], [request.author], about, once=once)
    elif event == "pass_to_review" and request.checkers:  # where a written policy asks for none, nobody has to come
        tell(CHECKERS[event], free_checkers(request), about, once=once)
    elif event == "consolidate":
        tell(CHECKERS[event], _holders(request), about, once=once)


def ask_for_another(request: Request) -> None:
    """Tell checkers who hold no place that one more of them is needed, once for each place more."""
    checkers = free_checkers(request).exclude(pk__in=_holders(request))
    once = f"place:{request.pk}:{request.turn}:{request.places}"
    tell("third_wanted", checkers, f"request:{request.pk}", once=once)


def free_checkers(request: Request) -> QuerySet[Account]:
    """Return the checkers who could take a request today; the policies are asked when one of them does."""
    today = timezone.localdate()
    away = Absence.objects.filter(first__lte=today, last__gte=today).values("checker")
    barred = Q(pk=request.author_id) | Q(projects=request.project_id) | Q(past_memberships__project=request.project_id)
    trained = Account.objects.filter(is_active=True, training_expires__gte=today)
    checkers = trained.filter(roles__name="output_checker").exclude(pk__in=away)
    return checkers.exclude(pk__in=Account.objects.filter(barred).values("pk"))


def _holders(request: Request) -> QuerySet[Account]:
    held = request.assignments.filter(turn=request.turn, ended=None)
    return Account.objects.filter(pk__in=held.values("checker"))
