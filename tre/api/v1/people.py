"""People: who there is, inviting somebody, and what an operator does to an account.

Every change asks for a one-time code: what gives rights or takes them away is done by a person who is there, and a
token alone does nothing that lasts.
"""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from tre.api import tokens
from tre.api.auth import acts, asks_again, person_of
from tre.api.located import made_at
from tre.api.told.common import Number, Page, PageNumber, cut
from tre.api.told.people import (
    ControllersSaid,
    Email,
    InvitationAsked,
    InvitationMade,
    InvitationTold,
    LinkSent,
    PersonRow,
    PersonTold,
    RolesSaid,
    TokenRow,
    TrainingSaid,
)
from tre.people import administration, invitations, links, lookup

router = Router(tags=["People"])
Asked = Annotated[Email, Field(description="A part of a user name or an e-mail address; empty for everybody.")]


@router.get("/people", response=Page[PersonRow])
@acts("manage_people")
def listed(request: HttpRequest, q: Asked = "", page: PageNumber = 1) -> Page[PersonRow]:
    """List every account, or those that are asked for, by user name."""
    found, more = cut(list(lookup.people(person_of(request), q)), page)
    return Page[PersonRow](items=[PersonRow.of(each) for each in found], page=page, more=more)


@router.get("/people/{slug:username}", response=PersonTold)
@acts("manage_people")
def one(request: HttpRequest, username: str) -> PersonTold:
    """Show one account."""
    return _now(request, username)


@router.get("/invitations", response=list[InvitationTold])
@acts("manage_people")
def invited(request: HttpRequest) -> list[InvitationTold]:
    """List the invitations that are open, newest first."""
    return [InvitationTold.of(each) for each in lookup.open_invitations(person_of(request))]


@router.post("/invitations", response={201: InvitationMade})
@made_at("/invitations")
@acts("manage_people")
@asks_again
def invite(request: HttpRequest, asked: InvitationAsked) -> InvitationMade:
    """Invite somebody; the link goes to their address. An open invitation of the same address is withdrawn."""
    training = (asked.training.accredited, asked.training.expires) if asked.training else None
    made, link = invitations.invite(asked.email, asked.roles, training, person_of(request))
    return InvitationMade(**InvitationTold.of(made).model_dump(), sent=links.send_invitation(request, made, link))


@router.post("/invitations/{int:number}/withdraw", response={204: None})
@acts("manage_people")
@asks_again
def withdraw(request: HttpRequest, number: Number) -> None:
    """Withdraw an open invitation."""
    invitations.withdraw(number, person_of(request))


@router.put("/people/{slug:username}/roles", response=PersonTold)
@acts("change_account")
@asks_again
def set_roles(request: HttpRequest, username: str, said: RolesSaid) -> PersonTold:
    """Give an account these roles and no others."""
    administration.set_roles(username, said.roles, person_of(request))
    return _now(request, username)


@router.put("/people/{slug:username}/controllers", response=PersonTold)
@acts("change_account")
@asks_again
def set_controllers(request: HttpRequest, username: str, said: ControllersSaid) -> PersonTold:
    """Write down whose datasets a person answers for."""
    administration.set_controllers(username, said.controllers, person_of(request))
    return _now(request, username)


@router.put("/people/{slug:username}/training", response=PersonTold)
@acts("change_account")
@asks_again
def set_training(request: HttpRequest, username: str, said: TrainingSaid) -> PersonTold:
    """Write down a person's training."""
    administration.set_training(username, said.accredited, said.expires, person_of(request))
    return _now(request, username)


@router.post("/people/{slug:username}/close", response=PersonTold)
@acts("change_account")
@asks_again
def close(request: HttpRequest, username: str) -> PersonTold:
    """Close an account: its sessions and tokens end, and nobody signs in with it."""
    administration.close(username, person_of(request))
    return _now(request, username)


@router.post("/people/{slug:username}/reopen", response=PersonTold)
@acts("change_account")
@asks_again
def reopen(request: HttpRequest, username: str) -> PersonTold:
    """Open a closed account again, with what it held."""
    administration.reopen(username, person_of(request))
    return _now(request, username)


@router.post("/people/{slug:username}/second-factor", response=LinkSent)
@acts("change_account")
@asks_again
def reset_second_factor(request: HttpRequest, username: str) -> LinkSent:
    """Take a lost second factor away, and the password with it; the person is sent the link by which they come back."""
    account = administration.reset_second_factor(username, person_of(request))
    sent = links.send_way_back(request, account)
    return LinkSent(**_now(request, username).model_dump(), sent=sent)


@router.get("/people/{slug:username}/tokens", response=Page[TokenRow])
@acts("manage_people")
def tokens_of(request: HttpRequest, username: str, page: PageNumber = 1) -> Page[TokenRow]:
    """List a person's tokens, newest first; never a token itself."""
    account = lookup.account_of(username, person_of(request))
    found, more = cut(list(account.api_tokens.select_related("project")), page)
    return Page[TokenRow](items=[TokenRow.of(each) for each in found], page=page, more=more)


@router.post("/people/{slug:username}/tokens/{int:number}/revoke", response={204: None})
@acts("change_account")
@asks_again
def revoke(request: HttpRequest, username: str, number: Number) -> None:
    """Revoke another person's token."""
    tokens.revoke_of(username, number, person_of(request))


def _now(request: HttpRequest, username: str) -> PersonTold:
    person = person_of(request)
    return PersonTold.seen(lookup.account_of(username, person), person)
