"""What an author does about a request. Its files come from the workspace alone: no call takes one, as no page does."""

from __future__ import annotations

from django.http import HttpRequest

from tre.airlock import drafts, services, submissions
from tre.api.auth import acts, person_of
from tre.api.located import made_at
from tre.api.once import once
from tre.api.told.common import Number
from tre.api.told.requests import Answered, DraftAsked, FileChanged, FileTold, GroupSaid, GroupTold, RequestTold
from tre.api.v1.requests import router
from tre.api.v1.seen import seen_now
from tre.projects.services import get


@router.post("/requests", response={201: RequestTold})
@made_at("/requests/{made[number]}")
@acts("submit_output")
@once
def draft(request: HttpRequest, asked: DraftAsked) -> RequestTold:
    """Begin a draft in a project. Add its files in the workspace."""
    person = person_of(request)
    return RequestTold.seen(drafts.draft(person, get(asked.project), asked.context), person)


@router.post("/requests/{int:number}/groups", response=GroupTold)
@acts("change_request")
def describe(request: HttpRequest, number: Number, said: GroupSaid) -> GroupTold:
    """Say what a draft's group holds and why it is safe; the group is made when it is not there yet."""
    made = drafts.describe_group(number, person_of(request), said.name, said.context, said.controls)
    return GroupTold.of(made, words=False)


@router.patch("/requests/{int:number}/files/{int:file}", response=FileTold)
@acts("change_request")
def change_file(request: HttpRequest, number: Number, file: Number, changed: FileChanged) -> FileTold:
    """Say of a draft's file which group it is in and of what kind it is."""
    found = drafts.change_file(number, person_of(request), file, changed.group, changed.kind)
    return FileTold.of(found, words=False)


@router.delete("/requests/{int:number}/files/{int:file}", response={204: None})
@acts("change_request")
def remove_file(request: HttpRequest, number: Number, file: Number) -> None:
    """Take a file out of a draft."""
    drafts.remove_file(number, person_of(request), file)


@router.post("/requests/{int:number}/submit", response=RequestTold)
@acts("submit_output")
def submit(request: HttpRequest, number: Number, said: Answered) -> RequestTold:
    """Submit a draft as it stands."""
    submissions.submit_draft(number, person_of(request), said.answer)
    return seen_now(request, number)


@router.post("/requests/{int:number}/revise", response=RequestTold)
@acts("change_request")
def revise(request: HttpRequest, number: Number) -> RequestTold:
    """Begin the next version of a request that came back."""
    submissions.revise(number, person_of(request))
    return seen_now(request, number)


@router.post("/requests/{int:number}/withdraw", response=RequestTold)
@acts("withdraw_request")
def withdraw(request: HttpRequest, number: Number) -> RequestTold:
    """Take one's own request back."""
    services.withdraw(number, person_of(request))
    return seen_now(request, number)
