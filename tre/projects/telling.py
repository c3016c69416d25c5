"""What people are told of a project: how an application was decided, that an extract is ready, and what ends soon.

What ends is looked at again on the day of the notice: its last day may have moved since that was queued.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.db import transaction
from django.db.models import Q, QuerySet

from tre.notices.domain import Kind
from tre.notices.policy import notice_policy
from tre.notices.services import tell
from tre.people.models import Account
from tre.projects.domain import USABLE
from tre.projects.models import Application, Extract, Project
from tre.runs.queue import enqueue

EXTRACT_ENDS, AGREEMENT_ENDS = "projects.tell_extract_ends", "projects.tell_agreement_ends"

# Who withdraws an application knows.
DECIDED: dict[str, Kind] = {
    Application.State.APPROVED: "application_approved",
    Application.State.DECLINED: "application_declined",
}


def decided(application: Application) -> None:
    """Tell whoever asked, and whom it names, how an application was decided; after its audit entry."""
    kind = DECIDED.get(application.state)
    if kind is not None:
        people = Account.objects.filter(username__in=[*application.people, application.asked_by])
        tell(kind, people, f"project:{application.project.code}", once=f"application:{application.pk}")


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
    """Tell a project's people, data managers and the owners whose agreement it is that it ends soon, if it still does.

    An owner decides about a renewal, and answers for data that is used after its agreement's end.
    """
    project = Project.objects.get(pk=number)
    ends = first_end(project)
    if project.status == Project.Status.APPROVED and _is_soon(ends, "agreement"):
        once = f"agreement_ends:{project.pk}:{ends}"
        tell("agreement_ends", _concerned_by_end(project), f"project:{project.code}", once=once)


def first_end(project: Project) -> date:
    """Return the first last day among a project's own and those of its agreements."""
    return min(project.ends, *(each.ends for each in project.agreements.all()))


def _concerned_by_end(project: Project) -> QuerySet[Account]:
    ending = [each.controller for each in project.agreements.all() if _is_soon(each.ends, "agreement")]
    owners = Q(roles__name="information_asset_owner", ownerships__controller__in=ending)
    return Account.objects.filter(Q(projects=project) | Q(roles__name="data_manager") | owners).distinct()


def _about(extract: Extract) -> str:
    return f"extract:{extract.project.code}:{extract.number}"


def _days_before(last: date, what: str) -> datetime:
    return datetime.combine(last, time(), UTC) - notice_policy().ahead[what]


def _is_soon(last: date, what: str) -> bool:
    return date.today() <= last <= date.today() + notice_policy().ahead[what]
