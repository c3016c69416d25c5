"""How large a workspace is: what may be chosen, and what a person chose last. The Hub and the notebook have no say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.projects.services import get
from tre.workspace.models import SizeChoice
from tre.workspace.quotas import check_fits


@dataclass(frozen=True)
class NamedSize:
    """A size: ``megabytes`` (2**20 bytes) of memory and ``processors``, and what it is called."""

    name: str
    megabytes: int
    processors: float


def sizes() -> Sequence[NamedSize]:
    """Return what may be chosen, in the order of the settings."""
    return [NamedSize(name, each.megabytes, each.processors) for name, each in load().workspace_sizes.items()]


def size_named(name: str) -> NamedSize:
    """Return the size of that name.

    Raises
    ------
    Refused
        When there is none.
    """
    for each in sizes():
        if each.name == name:
            return each
    names = ", ".join(each.name for each in sizes())
    raise Refused("There is no such size of a workspace", where="size", todo=f"Choose one of: {names}")


def chosen_size(account: Account, project: Project) -> NamedSize:
    """Return the size that a person chose last for a project, or the default where they chose none that is there."""
    chosen = SizeChoice.objects.filter(account=account, project=project).values_list("size", flat=True).first()
    return size_named(chosen if chosen in load().workspace_sizes else load().workspace_size)


@transaction.atomic
def choose_size(code: str, name: str, actor: Principal) -> NamedSize:
    """Keep the size that a person's next workspace in a project has; chosen already, nothing changes.

    Raises
    ------
    Refused
        When the person may not open a workspace there, there is no such size, or the project has no room for it.
    """
    project = get(code, lock=True)
    require(actor, "open_workspace", project.resource())
    size = size_named(name)
    account = Account.objects.get(username=actor.username)
    check_fits(project, account, size.megabytes)
    before = SizeChoice.objects.filter(account=account, project=project).first()
    if before is None or before.size != name:
        SizeChoice.objects.update_or_create(account=account, project=project, defaults={"size": name})
        record("workspace.size_chosen", actor=actor.username, subject=f"project:{code}", data={"size": name})
    return size
