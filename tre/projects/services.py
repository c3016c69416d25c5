"""Making, approving and provisioning projects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from django.db import transaction
from django.db.models import Max

from tre.audit.services import record
from tre.catalogue.models import DatasetVersion
from tre.config.options import load
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.domain import Agreed, check_approvable, check_provisionable
from tre.projects.models import Agreement, Approval, Extract, Membership, Project


@transaction.atomic
def create_project(
    *,
    code: str,
    title: str,
    purpose: str,
    cohort: str,
    starts: date,
    ends: date,
    members: Sequence[str],
    agreements: Sequence[tuple[Agreed, str]],
    actor: str,
) -> Project:
    """Make a draft project.

    Parameters
    ----------
    members : sequence of str
        User names; the first leads.
    agreements : sequence of (Agreed, str)
        What each controller agreed to, and the dataset's date column (empty when it has none).
    """
    gid = (Project.objects.aggregate(most=Max("gid"))["most"] or load().sandbox_uid_base + 999) + 1
    project = Project(code=code, title=title, purpose=purpose, cohort=cohort, starts=starts, ends=ends, gid=gid)
    project.full_clean()
    project.save()
    for place, name in enumerate(members):
        account = Account.objects.get(username=name)
        Membership.objects.create(project=project, account=account, lead=place == 0)
    for agreed, date_column in agreements:
        Agreement.objects.create(
            project=project, dataset=agreed.dataset, controller=agreed.controller, columns=list(agreed.columns),
            date_column=date_column, first=agreed.first, last=agreed.last, starts=agreed.starts, ends=agreed.ends,
            **asdict(agreed.basis),
        )  # fmt: skip
    data = {"members": list(members), "datasets": [agreed.dataset for agreed, _ in agreements]}
    record("projects.created", actor=actor, subject=f"project:{code}", data=data)
    return project


@transaction.atomic
def approve(code: str, actor: Principal) -> Project:
    """Approve a draft project; approved already, nothing changes.

    Raises
    ------
    Refused
        When the person may not, or the project lacks something.
    """
    project = get(code, lock=True)
    require(actor, "approve_project", project.resource())
    if project.status == Project.Status.APPROVED:
        return project
    if project.status != Project.Status.DRAFT:
        raise Refused(f"The project is {project.status}", where=f"project {code}", todo="Only a draft can be approved")
    agreements = [agreement.agreed() for agreement in project.agreements.all()]
    check_approvable(project.purpose, project.members.count(), project.starts, project.ends, agreements)
    project.status = Project.Status.APPROVED
    project.save(update_fields=["status"])
    Approval.objects.create(project=project, account=Account.objects.get(username=actor.username))
    from tre.privacy.services import open_ledger  # privacy's own models know projects

    open_ledger(project, load().project_epsilon, actor.username)
    record("projects.approved", actor=actor.username, subject=f"project:{code}")
    return project


@transaction.atomic
def ask_for_extract(code: str, actor: Principal) -> Extract:
    """Queue the making of a project's next extract; one that is under way is returned instead.

    Raises
    ------
    Refused
        When the person may not, or the project or an agreement is not in force.
    """
    from tre.runs.queue import enqueue

    project = get(code, lock=True)
    require(actor, "provision_extract", project.resource())
    agreements = [agreement.agreed() for agreement in project.agreements.all()]
    check_provisionable(project.status, project.starts, project.ends, agreements, date.today())
    if under_way := project.extracts.filter(ready=False).first():
        return under_way
    number = (project.extracts.aggregate(most=Max("number"))["most"] or 0) + 1
    extract = Extract.objects.create(project=project, number=number, asked_by=actor.username)
    subject = f"project:{code}"
    record("projects.extract_asked", actor=actor.username, subject=subject, data={"extract": number})
    enqueue("projects.provision", {"extract": extract.pk}, once=f"projects.provision:{extract.pk}")
    return extract


def get(code: str, lock: bool = False) -> Project:
    """Return a project by its code.

    Raises
    ------
    Refused
        When there is none.
    """
    projects = Project.objects.select_for_update() if lock else Project.objects
    project = projects.filter(code=code).first()
    if project is None:
        raise Refused("There is no such project", where=code)
    return project


def current_extract(project: Project) -> Extract | None:
    """Return the newest extract that is ready, or None."""
    return project.extracts.filter(ready=True).order_by("-number").first()


def stale(extract: Extract) -> bool:
    """Return whether opt-outs have changed since the extract was made: its successor would leave out others."""
    newest = DatasetVersion.objects.filter(dataset="opt_outs").order_by("-version").first()
    applied = extract.manifest.get("opt_outs", {}).get("version")
    return newest is not None and applied != newest.version


@transaction.atomic
def note_stale_extracts(actor: str) -> None:
    """Write into the audit log, once for each change, which projects' extracts it made stale."""
    newest = DatasetVersion.objects.filter(dataset="opt_outs").order_by("-version").first()
    for project in Project.objects.filter(status=Project.Status.APPROVED):
        extract = current_extract(project)
        if newest is not None and extract is not None and stale(extract):
            record(
                "projects.extract_stale",
                actor=actor,
                subject=f"project:{project.code}",
                data={"extract": extract.number, "opt_outs": newest.version},
                once=f"projects.extract_stale:{extract.pk}:{newest.version}",
            )
