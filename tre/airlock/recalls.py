"""Recall: what was released is not to be used any more, and everybody who has it is told."""

from __future__ import annotations

from django.db import transaction

from tre.airlock.models import Comment, Release, Request
from tre.airlock.naming import check_text
from tre.airlock.registered import services as registered
from tre.airlock.services import locked, move
from tre.audit.models import Entry
from tre.disclosure.model import storable
from tre.notices.services import tell
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal


@transaction.atomic
def recall(number: int, actor: Principal, why: str) -> Request:
    """Recall what was released: it is let out no more, and a notice to each who has it is written with it.

    Whatever they have chosen, it is sent at once (``policies/notices.yaml``).

    Parameters
    ----------
    why : str
        What those who have it are told; no value of a person.

    Raises
    ------
    Refused
        When the person may not, nothing was released, or no reason is given.
    """
    request = locked(number)
    require(actor, "recall_output", request.resource())
    text = storable(why).strip()
    check_text(text, "The reason", "Say why nobody should use it any more")
    told = _who_has_it(request)
    data = {"turn": request.turn, "release": request.release.identity, "told": sorted(each.username for each in told)}
    registered.hold(request.release)
    move(request, "recall", actor.username, data)
    registered.recall(request.release, actor.username)
    tell("recalled", told, f"request:{number}", once=f"recalled:{number}", text=text)
    Comment.objects.create(
        request=request, turn=request.turn, group=request.first_group(), text=text,
        author=Account.objects.get(username=actor.username),
    )  # fmt: skip
    return request


def _who_has_it(request: Request) -> list[Account]:
    """Return who took any of it, its author, and, where it holds a model, everybody who takes models out."""
    taken = Entry.objects.filter(event="airlock.downloaded", subject=f"request:{request.pk}")
    names = {request.author.username, *taken.values_list("actor", flat=True)}
    if Release.objects.filter(request=request).exclude(models_registered=[]).exists():
        names |= set(Account.objects.filter(roles__name="deployer").values_list("username", flat=True))
    return list(Account.objects.filter(username__in=names))
