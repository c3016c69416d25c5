"""What a project's people are told: that an extract is ready or ends soon, or that an agreement does.

What ends is looked at again on the day of the notice: its last day may have moved since that was queued.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db import transaction
from django.db.models import Q, QuerySet

from tre.notices.policy import notice_policy
from tre.notices.services import tell
from tre.people.models import Account
from tre.projects.domain import USABLE
from tre.projects.models import Extract, Project
from tre.runs.queue import enqueue

EXTRACT_ENDS, AGREEMENT_ENDS = "projects.tell_extract_ends", "projects.tell_agreement_ends"


def extract_ready(extract: Extract) -> None:
    """Tell a project's people that they can use an extract, and queue the notice of its end; in the transaction."""
    once = f"extract_ready:{extract.pk}"
    tell("extract_ready", extract.project.members.all(), _about(extract), once=once)
    _queue_extract_ends(extract)


def _queue_extract_ends(extract: Extract) -> None:
    due = _days_before(extract.ends, "extract")
    enqueue(EXTRACT_ENDS, {"extract": extract.pk}, once=f"{EXTRACT_ENDS}:{extract.pk}:{extract.ends}", due=due)


@transaction.atomic
def tell_extract_ends(number: int) -> None:
    """Tell a project's people that their extract ends soon, unless it is over, or lasts for longer now."""
    extract = Extract.objects.select_related("project").get(pk=number)
    if extract.state != USABLE:
        return
    if _is_soon(extract.ends, "extract"):
        once = f"extract_ends:{extract.pk}:{extract.ends}"
        tell("extract_ends", extract.project.members.all(), _about(extract), once=once)
    else:
        _queue_extract_ends(extract)


def queue_agreement_ends(project: Project) -> None:
    """Queue the notice of the first end of what a project rests on, in the transaction of its approval."""
    ends = first_end(project)
    once = f"{AGREEMENT_ENDS}:{project.pk}:{ends}"
    enqueue(AGREEMENT_ENDS, {"project": project.pk}, once=once, due=_days_before(ends, "agreement"))


@transaction.atomic
def tell_agreement_ends(number: int) -> None:
    """Tell a project's people and the data managers that an agreement of it ends soon, where that is still so."""
    project = Project.objects.get(pk=number)
    ends = first_end(project)
    if project.status == Project.Status.APPROVED and _is_soon(ends, "agreement"):
        once = f"agreement_ends:{project.pk}:{ends}"
        tell("agreement_ends", _people_and_managers(project), f"project:{project.code}", once=once)


def first_end(project: Project) -> date:
    """Return the first last day among a project's own and those of its agreements."""
    return min(project.ends, *(each.ends for each in project.agreements.all()))


def _people_and_managers(project: Project) -> QuerySet[Account]:
    return Account.objects.filter(Q(projects=project) | Q(roles__name="data_manager")).distinct()


def _about(extract: Extract) -> str:
    return f"extract:{extract.project.code}:{extract.number}"


def _days_before(last: date, what: str) -> datetime:
    return datetime.combine(last, time(), UTC) - notice_policy().ahead[what]


def _is_soon(last: date, what: str) -> bool:
    return date.today() <= last <= date.today() + notice_policy().ahead[what]
