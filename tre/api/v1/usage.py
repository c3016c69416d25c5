"""What a project's workspaces used and may use, and the project by the Five Safes."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from tre.api.auth import acts, person_of
from tre.api.told.usage import AllowanceTold, QuotaSaid, SafesTold, UsageLine, UsageTold
from tre.evidence.safes import document
from tre.policy.decision import decide, require
from tre.policy.domain import Principal
from tre.projects.models import Project
from tre.projects.services import get
from tre.workspace import quotas
from tre.workspace.quotas import Allowance
from tre.workspace.usage import lines

router = Router(tags=["Projects"])


@router.get("/projects/{slug:code}/usage", response=UsageTold)
@acts("view_project")
def usage(request: HttpRequest, code: str) -> UsageTold:
    """Show what a project's workspaces used by month, what it cost, and the quota."""
    person, project = person_of(request), get(code)
    require(person, "view_project", project.resource())
    return _told(project, person)


@router.put("/projects/{slug:code}/quota", response=AllowanceTold)
@acts("set_quota")
def set_quota(request: HttpRequest, code: str, said: QuotaSaid) -> AllowanceTold:
    """Set what a project's workspaces may have."""
    quotas.set_quota(code, Allowance(said.processor_hours, said.megabytes), person_of(request))
    return AllowanceTold.of(quotas.quota_of(get(code)))


@router.get("/projects/{slug:code}/safes", response=SafesTold)
@acts("view_safes")
def safes(request: HttpRequest, code: str) -> SafesTold:
    """Show what is so of a project today, by the Five Safes and the Caldicott Principles."""
    project = get(code)
    require(person_of(request), "view_safes", project.resource())
    return SafesTold.of(document(project))


def _told(project: Project, person: Principal) -> UsageTold:
    whole = decide(person, "view_usage", project.resource()).allowed  # everybody's; else their own and the total
    found = lines(project, None if whole else person.username)
    return UsageTold(
        quota=AllowanceTold.of(quotas.quota_of(project)), left=AllowanceTold.of(quotas.left(project)), whole=whole,
        lines=[UsageLine.of(each) for each in found],
    )  # fmt: skip
