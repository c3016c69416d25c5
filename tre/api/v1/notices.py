"""What the caller is told, and how they want to be told: of all that they do, so no token for one project asks.

Choosing how asks for a one-time code: whoever stole a token could else have its person told of nothing by e-mail.
"""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from tre.api.auth import acts, asks_again, person_of
from tre.api.told.common import Number
from tre.api.told.notices import HowTold, NoticeTold
from tre.errors import Missing, NotAllowed
from tre.notices.services import choice_of, choose, mark_read, notices_of
from tre.policy.domain import Principal

_MOST = 200
router = Router(tags=["Notices"])


@router.get("/notices", response=list[NoticeTold])
@acts("view_request")
def listed(request: HttpRequest) -> list[NoticeTold]:
    """List what the caller is told, newest first; at most 200."""
    return [NoticeTold.of(each) for each in notices_of(_of_everything(request))[:_MOST]]


@router.post("/notices/read", response={204: None})
@acts("view_request")
def read_all(request: HttpRequest) -> None:
    """Mark everything that the caller is told as read."""
    mark_read(notices_of(_of_everything(request)))


@router.post("/notices/{int:number}/read", response=NoticeTold)
@acts("view_request")
def read(request: HttpRequest, number: Number) -> NoticeTold:
    """Mark one notice as read, and show it."""
    own = notices_of(_of_everything(request)).filter(pk=number)
    mark_read(own)
    found = own.first()
    if found is None:
        raise Missing("You have no such notice", where=f"notice {number}")
    return NoticeTold.of(found)


@router.get("/notices/how", response=HowTold)
@acts("view_request")
def how(request: HttpRequest) -> HowTold:
    """Say how the caller is told."""
    return HowTold(how=choice_of(_of_everything(request)))


@router.put("/notices/how", response=HowTold)
@acts("view_request")
@asks_again
def choose_how(request: HttpRequest, chosen: HowTold) -> HowTold:
    """Choose how the caller is told from now on."""
    choose(chosen.how, _of_everything(request))
    return chosen


def _of_everything(request: HttpRequest) -> Principal:
    """Return the person who calls, by a token that is not for one project alone.

    Raises
    ------
    NotAllowed
        When it is for one.
    """
    person = person_of(request)
    if person.grant is not None and person.grant.project:
        raise NotAllowed("A token for one project reads no notices: they are of everything", todo="Use one for all")
    return person
