"""What happens to a request. Every change of state is one transaction, and writes its audit entry in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone

from tre.airlock.domain import AUDIT_EVENTS, OWNERS, Event, follow
from tre.airlock.models import Request, Turn
from tre.airlock.policy import airlock_policy
from tre.airlock.telling import announce
from tre.audit.models import Entry
from tre.audit.services import record
from tre.errors import Missing
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.runs.queue import enqueue

PLATFORM = "airlock"


def move(request: Request, event: Event, actor: str, data: Mapping[str, object] | None = None) -> None:
    """Change a locked request's state by an event, with its audit entry and notices, in the caller's transaction.

    Where it then waits for its author, its expiry is queued; where nobody looks at its turn any more, the turn ends.

    Raises
    ------
    Refused
        When the event cannot happen to a request that stands there.
    """
    request.state, request.phase = follow(request.place, event)
    request.save(update_fields=["state", "phase", "changed"])
    entry = record(AUDIT_EVENTS[event], actor=actor, subject=f"request:{request.pk}", data=data)
    after = airlock_policy().expires.get(request.place.state)
    if after is not None:
        waits = {"request": request.pk, "turn": request.turn, "state": request.state}
        enqueue("airlock.expire", waits, once=f"airlock.expire:{entry.number}", due=timezone.now() + after)
    if OWNERS[request.place.state] in ("nobody", "author") and event != "revise":
        current = Turn.objects.filter(request=request, number=request.turn)
        current.update(ended=timezone.now(), outcome=request.state)
    announce(request, event, entry.number)


def locked(number: int) -> Request:
    """Return a request, locked until the transaction ends.

    Raises
    ------
    Missing
        When there is none of this number.
    """
    request = Request.objects.select_for_update().filter(pk=number).first()
    if request is None:
        raise Missing("There is no such request", where=f"request {number}")
    return request


@transaction.atomic
def withdraw(number: int, actor: Principal) -> Request:
    """Take one's own request back.

    Raises
    ------
    Refused
        When the person may not, or it is too late.
    """
    request = locked(number)
    require(actor, "withdraw_request", request.resource())
    move(request, "withdraw", actor.username)
    _free(request, "withdrawn")
    return request


@transaction.atomic
def expire(number: int, turn: int, state: str) -> None:
    """Let a request expire that has waited for its author in this state of this turn for as long as policy allows."""
    request = locked(number)
    if (request.turn, request.state) == (turn, state):
        move(request, "expire", PLATFORM, {"turn": turn})
        _free(request, "expired")


def _free(request: Request, why: str) -> None:
    """Let the same files be asked for anew later: as another request."""
    request.once = f"{why}:{request.pk}"
    request.save(update_fields=["once"])


def release_identity(request: Request) -> str:
    """Return the release's name: the same for the same request and files, so that a second run finds the first."""
    told = "\n".join(f"{file.name} {file.sha256}" for file in request.leaving())
    return f"release-{request.pk}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def why_halted(request: Request) -> str:
    """Return why the release of a request was halted, or an empty text when it was not."""
    halts = Entry.objects.filter(event=AUDIT_EVENTS["halt"], subject=f"request:{request.pk}")
    last = halts.order_by("-number").first() if request.phase == "halted" else None
    return str(last.data.get("why", "")) if last else ""
