"""Live checks of projects: what they rest on, whether it is in force, what they hold, and how they end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from django.db.models import QuerySet
from django.utils import timezone

from tre.errors import Refused
from tre.evidence.domain import Found, judged, not_shown
from tre.evidence.installation import ASKER, Installation
from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import decide
from tre.policy.domain import Resource
from tre.privacy.errors import LedgerBroken
from tre.privacy.models import Ledger
from tre.privacy.reconciliation import reconcile
from tre.projects import register
from tre.projects.applying import SAFES
from tre.projects.domain import Agreed, check_approvable, check_provisionable
from tre.projects.lifecycle import folder_of, verify_certificate
from tre.projects.models import Closure, Extract, OwnerDecision, Project
from tre.projects.services import check_as_approved, current_extract
from tre.workspace.models import WorkspaceSession

_SOON = timedelta(days=30)
_NONE = "No project is approved yet"
_NOBODYS = Resource("Project", "nobodys", {"code": "nobodys", "status": "approved"})
# Given to the rules to see them refuse: an agreement that ended yesterday.
_ENDED = Agreed("people", "a controller", ("sex",), None, None, date(2000, 1, 1), date(2000, 12, 31))


def approved() -> QuerySet[Project]:
    """Return the projects that people may work in."""
    return Project.objects.filter(status=Project.Status.APPROVED)


def requirements(here: Installation) -> Found:
    """Hold each approved project to what it must have, and to the digest of what was approved."""
    if not approved():
        return not_shown(_NONE)
    return judged(
        [f"{each.code}: {why}" for each in approved() if (why := _lacks(each))],
        f"Each of {approved().count()} approved projects has a purpose, people, agreements with a lawful basis and an "
        "approval, and is what was approved. Its funding is the operator's to show",
    )


def _lacks(project: Project) -> str:
    agreements = [each.agreed() for each in project.agreements.all()]
    try:
        check_approvable(project.purpose, project.members.count(), project.starts, project.ends, agreements)
        check_as_approved(project)
    except Refused as refused:
        return refused.what
    return ""


def time_limits(here: Installation) -> Found:
    """Ask the rules about an agreement that has ended, and look for workspaces and extracts whose time is over."""
    if not approved():
        return not_shown(_NONE)
    today = timezone.localdate()
    faults = [f"{each.code}: an extract is in use although its time is over" for each in _outlived(today)]
    faults += [
        f"{each.project.code}: a workspace is open whose person may no longer work there"
        for each in WorkspaceSession.objects.filter(closed=None).select_related("project")
        if not each.allowed()
    ]
    if not _refused_when_ended():
        faults.append("an extract can be made under an agreement that has ended")
    ends = [each.ends for project in approved() for each in project.agreements.all()]
    soon = sum(today <= each < today + _SOON for each in ends)
    return judged(
        faults,
        f"Of {len(ends)} agreements of approved projects {sum(each < today for each in ends)} have ended and {soon} "
        "end within 30 days. Nothing is provisioned under one that has ended, and nobody works on what is over",
    )


def _refused_when_ended() -> bool:
    today = timezone.localdate()
    try:
        check_provisionable("approved", today, today, [_ENDED], today)
    except Refused:
        return True
    return False


def _outlived(today: date) -> Iterator[Project]:
    for project in Project.objects.all():
        over = project.ends < today or any(each.ends < today for each in project.agreements.all())
        if over and current_extract(project) is not None:
            yield project


def endings(here: Installation) -> Found:
    """Verify the certificate of every closed project, and look for what it must have left behind."""
    closed = Project.objects.filter(status=Project.Status.CLOSED)
    if not closed:
        return not_shown("No project has been closed here yet; what closing one does is told in the document")
    faults = [f"{project.code}: {why}" for project in closed if (why := _left(project))]
    faults += [f"{code}: a workspace is open in a closed project" for code in _open_in(closed)]
    return judged(
        faults,
        f"{closed.count()} projects have been closed: their workspaces were ended, their extracts destroyed and their "
        "work archived or destroyed, and of those that are done each signed certificate verifies",
    )


def _open_in(closed: Iterable[Project]) -> list[str]:
    there = WorkspaceSession.objects.filter(closed=None, project__in=closed)
    return sorted(set(there.values_list("project__code", flat=True)))


def _left(project: Project) -> str:
    closure = Closure.objects.filter(project=project).first()
    if closure is None:
        return "it is closed and nobody said what becomes of its work"
    if closure.done is None:
        return ""  # its work is being ended
    if not _verifies(closure.certificate):
        return "its certificate does not verify"
    standing = [each.number for each in project.extracts.all() if folder_of(each).exists()]
    return f"extracts are still there: {', '.join(map(str, standing))}" if standing else ""


def _verifies(certificate: dict[str, str]) -> bool:
    try:
        verify_certificate(certificate)
    except Refused:
        return False
    return True


def deletion_proved(here: Installation) -> Found:
    """Verify the signed certificate of every extract that was destroyed, and look that its bytes are gone."""
    gone = list(Extract.objects.exclude(destroyed=None).select_related("project"))
    if not gone:
        return not_shown("No extract has been destroyed yet")
    faults = [f"{each}: its certificate does not verify" for each in gone if not _verifies(each.certificate)]
    faults += [f"{each}: its bytes are still there" for each in gone if folder_of(each).exists()]
    return judged(faults, f"{len(gone)} extracts were destroyed; each has a signed certificate, and no byte is left")


def on_record(here: Installation) -> Found:
    """Make the public register's entry of every project that was ever approved."""
    listed = list(register.projects())
    if not listed:
        return not_shown(_NONE)
    faults = [f"{each.code}: the register's entry has no title" for each in listed if not each.title.strip()]
    faults += [f"{each.code}: no approval is on record" for each in listed if not each.approvals.exists()]
    return judged(faults, f"The register holds {len(listed)} projects, current and past, each with its approval")


def controllers_agreed(here: Installation) -> Found:
    """Look, for every agreement of an approved project, for its owner's decision, and what each extract holds."""
    if not approved():
        return not_shown(_NONE)
    faults = [f"{project.code}: {why}" for project in approved() for why in _without_agreement(project)]
    agreements = sum(project.agreements.count() for project in approved())
    return judged(
        faults,
        f"Each of {agreements} agreements of approved projects was agreed to by somebody who answers for its "
        "controller and is no member, and no extract holds another dataset",
    )


def _without_agreement(project: Project) -> Iterator[str]:
    members = set(project.members.values_list("username", flat=True))
    for agreement in project.agreements.all():
        said = OwnerDecision.objects.filter(application__project=project, dataset=agreement.dataset, agreed=True)
        by = set(said.filter(controller=agreement.controller).values_list("by", flat=True))
        if not by - members:
            yield f"nobody who answers for {agreement.dataset} has agreed"
    known = set(project.agreements.values_list("dataset", flat=True))
    for extract in project.extracts.filter(ready=True, destroyed=None):
        for name in sorted({each["name"] for each in extract.manifest.get("tables", ())} - known):
            yield f"extract {extract.number} holds {name} without an agreement"


def least_data(here: Installation) -> Found:
    """Hold the columns of every extract in use to those that were agreed."""
    extracts = [found for project in approved() if (found := current_extract(project))]
    if not extracts:
        return not_shown("No project has an extract in use")
    faults = [f"{each}: {name}" for each in extracts for name in _beyond(each)]
    return judged(
        faults,
        f"{len(extracts)} extracts are in use, and none holds a column beyond those that were agreed; identifiers and "
        "free text stay in landing",
    )


def _beyond(extract: Extract) -> Iterator[str]:
    agreed = {each.dataset: set(each.columns) for each in extract.project.agreements.all()}
    for told in extract.manifest.get("tables", ()):
        names = {column["name"] for column in told.get("columns", ())} - {"pseudonym"}
        for name in sorted(names - agreed.get(told["name"], set())):
            yield f"{told['name']} has {name}, which was not agreed"


def own_data(here: Installation) -> Found:
    """Ask the policies, for every member of a project, about every other project and one that is nobody's."""
    people = Account.objects.filter(is_active=True, projects__isnull=False).distinct()
    if not people:
        return not_shown("Nobody is a member of a project yet")
    resources = [*(each.resource() for each in Project.objects.all()), _NOBODYS]
    asked, let_in = 0, set[str]()
    for account in people:
        person = replace(principal_of(account, used_second_factor=True), username=ASKER)
        others = [each for each in resources if each.id not in person.projects]
        asked += len(others)
        let_in |= {each.id for each in others if decide(person, "open_workspace", each).allowed}
    return judged(
        [f"{code}: somebody who is no member may work there" for code in sorted(let_in)],
        f"{len(people)} people are members of projects; of {asked} questions whether one may work in another's project "
        "each was answered no",
    )


def learning_plan(here: Installation) -> Found:
    """Look for each project's privacy budget and its answer about outputs, and hold the ledger to the audit log."""
    if not approved():
        return not_shown(_NONE)
    try:
        reconcile()
    except LedgerBroken as broken:
        return judged([broken.sentence()], "")
    budgets = dict(Ledger.objects.values_list("project__code", "epsilon"))
    faults = [f"{each.code}: it has no privacy budget" for each in approved() if each.code not in budgets]
    faults += [
        f"{each.code}: what it means to let out was not asked"
        for each in approved()
        if not str(each.five_safes.get("outputs", "")).strip()
    ]
    return judged(
        faults,
        f"Each of {approved().count()} approved projects said what it means to let out, models among it, and has a "
        "privacy budget that a model is paid from before it may leave; the ledger is what the audit log tells",
    )


def intended_outputs(here: Installation) -> Found:
    """Look whether each approved project answered what it means to let out."""
    if not approved():
        return not_shown(_NONE)
    lacks = [each.code for each in approved() if not str(each.five_safes.get("outputs", "")).strip()]
    return judged(
        [f"{code}: the question about outputs is not answered" for code in lacks],
        f"Each of {approved().count()} approved projects answered what it means to let out",
    )


def processing_assessed(here: Installation) -> Found:
    """Look for the judgement of each of the five safes in the application that each project was approved by."""
    if not approved():
        return not_shown(_NONE)
    faults = [
        f"{project.code}: {SAFES[safe][0].lower()} was not assessed"
        for project in approved()
        for safe in _unassessed(project)
    ]
    return judged(
        faults,
        f"Each of the five safes was judged for each of {approved().count()} approved projects before its approval",
    )


def _unassessed(project: Project) -> list[str]:
    application = project.applications.filter(state="approved").first()
    judged_of = set(application.assessments.values_list("safe", flat=True)) if application else set()
    return [safe for safe in SAFES if safe not in judged_of]
