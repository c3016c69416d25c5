"""What a project's workspaces may have: memory at once, and processor-hours in a calendar month.

Processor-hours are those that a workspace holds, whether it computes or not: nobody else can have them meanwhile. A
workspace that is open when the month's are used up goes on until it is closed, at the latest at its greatest age.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.projects.services import get
from tre.workspace.models import Quota, WorkspaceSession
from tre.workspace.usage import held_processor_hours, month_of


@dataclass(frozen=True)
class Allowance:
    """So many ``processor_hours`` in a calendar month, and ``megabytes`` (2**20 bytes) of memory at once."""

    processor_hours: float
    megabytes: int


def quota_of(project: Project) -> Allowance:
    """Return what a project may have: what a data manager set, or else the settings' default."""
    quota = Quota.objects.filter(project=project).first()
    if quota is None:
        return Allowance(load().project_processor_hours, load().project_megabytes)
    return Allowance(quota.processor_hours, quota.megabytes)


def left(project: Project, besides: Account | None = None) -> Allowance:
    """Return what is left of a project's quota now, not below 0.

    Parameters
    ----------
    besides : Account, optional
        Whose open workspace is not counted: it ends when theirs opens anew.
    """
    quota = quota_of(project)
    taken = WorkspaceSession.objects.filter(project=project, closed=None)
    if besides is not None:
        taken = taken.exclude(account=besides)
    megabytes = quota.megabytes - (taken.aggregate(sum=Sum("megabytes"))["sum"] or 0)
    hours = quota.processor_hours - held_processor_hours(project, month_of(timezone.now()))
    return Allowance(max(0.0, hours), max(0, megabytes))


def check_fits(project: Project, account: Account, megabytes: int) -> None:
    """Check that a person's workspace fits what is left. The caller holds the project's row: two cannot both fit last.

    Raises
    ------
    Refused
        Saying what is free.
    """
    free = left(project, account)
    if free.processor_hours <= 0:
        hours = quota_of(project).processor_hours
        raise Refused(
            f"The project has used its {hours:,.0f} processor-hours of this month, and none is free",
            where=project.code,
            todo="Wait for the next month, or ask a data manager for more",
        )
    if megabytes > free.megabytes:
        raise Refused(
            f"The project's open workspaces leave {free.megabytes:,} MB of memory free, and this size needs "
            f"{megabytes:,}",
            where=project.code,
            todo="Choose a smaller size, or wait until a colleague closes theirs",
        )


@transaction.atomic
def set_quota(code: str, quota: Allowance, actor: Principal) -> None:
    """Set what a project may have; set so already, nothing changes.

    Raises
    ------
    Refused
        When the person may not.
    """
    project = get(code, lock=True)
    require(actor, "set_quota", project.resource())
    before = quota_of(project)
    if before == quota:
        return
    told = {"processor_hours": int(quota.processor_hours), "megabytes": quota.megabytes}
    Quota.objects.update_or_create(project=project, defaults=told)
    was = {"processor_hours": int(before.processor_hours), "megabytes": before.megabytes}
    record("workspace.quota_set", actor=actor.username, subject=f"project:{code}", data=told | {"before": was})
