"""Comments: of the author and the checkers on a group, or on lines of a file in it; public, or among checkers."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from tre.airlock.domain import CHANGEABLE
from tre.airlock.models import Comment, Group, RequestFile
from tre.airlock.naming import check_text
from tre.airlock.seeing import is_author
from tre.airlock.services import locked
from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal

MOST_LINE = 2**31 - 1


@dataclass(frozen=True)
class Lines:
    """What of a file a comment is about: its lines, or a table's rows, from one to another, counted from 1.

    Raises
    ------
    Refused
        When there are no such lines.
    """

    first: int
    last: int

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.last <= MOST_LINE:
            raise Refused("Lines go from one to the same or a later one, counted from 1", where="lines")


@transaction.atomic
def comment(
    number: int,
    actor: Principal,
    group: int,
    text: str,
    *,
    file: int | None = None,
    lines: Lines | None = None,
    checkers_only: bool = False,
) -> Comment:
    """Say something of a group of the request's turn, or of a file in it.

    Parameters
    ----------
    file : int, optional
        The file's number; with ``lines``, of which these.
    checkers_only : bool
        Whether the author may not read it; an author's own comment is always public.

    Raises
    ------
    Refused
        When the person may not, there is no such group or file, or nothing is said.
    """
    request = locked(number)
    require(actor, "comment_request", request.resource())
    if request.state == CHANGEABLE:
        raise Refused("A draft is not commented on", todo="Answer when you submit it")
    found = Group.objects.filter(request=request, turn=request.turn, pk=group).first()
    about = RequestFile.objects.filter(group=found, pk=file).first() if file is not None else None
    if found is None or (file is not None and about is None) or (lines is not None and about is None):
        raise Refused("The request has no such group or file", where=f"request {number}")
    text = storable(text).strip()
    check_text(text, "The comment", "Say something")
    author = Account.objects.get(username=actor.username)
    hidden = checkers_only and not is_author(request, actor)
    made = Comment.objects.create(
        request=request, turn=request.turn, group=found, file=about, text=text, author=author,
        first_line=lines.first if lines else None, last_line=lines.last if lines else None,
        audience=Comment.Audience.CHECKERS if hidden else Comment.Audience.PUBLIC,
    )  # fmt: skip
    data = {"turn": request.turn, "audience": made.audience, "sha256": about.sha256 if about else ""}
    record("airlock.commented", actor=actor.username, subject=f"request:{number}", data=data)
    return made
