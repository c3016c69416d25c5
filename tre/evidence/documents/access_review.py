"""The access review: who has what today. The one document of a pack that names accounts."""

from __future__ import annotations

from allauth.mfa.models import Authenticator

from tre.evidence.content import Document, Section, day, table
from tre.evidence.installation import Installation
from tre.people.adapters import bound_elsewhere
from tre.people.domain import ROLES
from tre.people.models import Account
from tre.projects.models import Project

_HEADS = ("Account", "Roles", "Answers for", "Projects", "Training until", "Second factor", "Last sign-in")


def document(here: Installation) -> Document:
    """Return every account that can sign in with what it holds, those that are closed, and every project's people."""
    people = Account.objects.filter(is_active=True).order_by("username")
    closed = Account.objects.filter(is_active=False).order_by("username")
    factors: dict[int, set[str]] = {}
    for holder, kind in Authenticator.objects.values_list("user_id", "type"):
        factors.setdefault(holder, set()).add(str(Authenticator.Type(kind).label))
    projects = [
        (each.code, each.get_status_display(), list(each.members.values_list("username", flat=True)), day(each.ends))
        for each in Project.objects.filter(status=Project.Status.APPROVED)
    ]
    return Document(
        "access-review",
        "Access review",
        f"{people.count()} accounts can sign in, {closed.count()} are closed. Whoever reviews it says of each line "
        "whether it is still needed; an operator takes away what is not.",
        (
            Section("Accounts", tables=(table("Accounts", _HEADS, [_row(each, factors) for each in people]),)),
            Section(
                "Members of projects", tables=(table("Members", ("Project", "Status", "People", "Until"), projects),)
            ),
            Section("Closed accounts", tables=(table("Closed", ("Account",), [(each.username,) for each in closed]),)),
        ),
    )


def _row(account: Account, factors: dict[int, set[str]]) -> tuple[object, ...]:
    elsewhere = "their organisation's provider" if bound_elsewhere(account) else "none"
    return (
        account.username,
        [ROLES[role] for role in account.role_names()],
        account.controller_names(),
        list(account.project_codes()),
        day(account.training_expires),
        factors.get(account.pk) or elsewhere,
        day(account.last_login) if account.last_login else "never",
    )
