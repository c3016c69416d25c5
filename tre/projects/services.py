"""Making and provisioning projects. How one is applied for and approved: :mod:`tre.projects.applications`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.forms.models import model_to_dict

from tre.audit.models import Entry
from tre.audit.services import record
from tre.config.options import load
from tre.errors import Missing, Refused
from tre.people.models import Account
from tre.policy.decision import decide, require
from tre.policy.domain import Principal
from tre.projects.domain import USABLE, Agreed, check_provisionable, check_unchanged, digest
from tre.projects.models import Agreement, Approval, Extract, Membership, Project
from tre.runs.queue import enqueue, has_failed

# What an application tells in words, and the public register with it.
DETAILS = (
    "public_benefit", "technical_summary", "category", "organisation", "sector", "applicants", "funders",
    "other_approvals", "five_safes",
)  # fmt: skip

# Fields of after the first approvals: not set they are left out, so that what was approved before still stands.
_LATER = {"disclosure_profile": "", "disclosure_threshold": None}


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
    agreements: Sequence[Agreed],
    actor: str,
    sample: tuple[str, int] = ("1", 1),
    floor: int | None = None,
    told: Mapping[str, Any] | None = None,
) -> Project:
    """Make a draft project.

    Parameters
    ----------
    members : sequence of str
        User names; the first leads.
    agreements : sequence of Agreed
        What each controller agreed to.
    sample : (str, int)
        The share of the cohort's persons to provision, as a decimal number, and the seed that chooses them.
    floor : int, optional
        The least k of an extract, where it is to be more than the policy's.
    told : mapping, optional
        What else its application says, by the project's own fields: see :data:`DETAILS`.

    Raises
    ------
    Refused
        When a value cannot be one, such as a code that another project has.
    """
    gid = (Project.objects.aggregate(most=Max("gid"))["most"] or load().sandbox_uid_base + 999) + 1
    project = Project(
        code=code, title=title, purpose=purpose, cohort=cohort, starts=starts, ends=ends, gid=gid,
        sample_fraction=Decimal(sample[0]), sample_seed=sample[1], floor=floor,
        **{"profile": load().workspace_profile, **(told or {})},
    )  # fmt: skip
    save_whole(project)
    for place, name in enumerate(members):
        account = Account.objects.get(username=name)
        Membership.objects.create(project=project, account=account, lead=place == 0)
    for agreed in agreements:
        Agreement.objects.create(project=project, dataset=agreed.dataset, **Agreement.fields_of(agreed))
    data = {"members": list(members), "datasets": [agreed.dataset for agreed in agreements]}
    record("projects.created", actor=actor, subject=f"project:{code}", data=data)
    return project


def save_whole(project: Project) -> None:
    """Save a project when each of its values can be one.

    Raises
    ------
    Refused
        Naming the first that cannot.
    """
    try:
        project.full_clean()
    except ValidationError as error:
        name, messages = next(iter(error.message_dict.items()))
        raise Refused(messages[0], where=name.replace("_", " "), todo="Correct it") from None
    project.save()


def terms(project: Project) -> dict[str, Any]:
    """Return everything that an approval is about: purpose, cohort, dates, people and agreements, as plain values.

    They are the models' own fields, so that a field added later is approved too.
    """
    people = Membership.objects.filter(project=project).order_by("account__username")
    agreements = [model_to_dict(each, exclude=["id", "project"]) for each in project.agreements.order_by("dataset")]
    own = model_to_dict(project, exclude=["id", "status", "members"])
    for name, unset in _LATER.items():
        if own[name] == unset:
            del own[name]
    return {
        "project": own,
        "people": [{"username": each.account.username, "lead": each.lead} for each in people],
        "agreements": agreements,
    }


def approved_once(approval: Approval) -> str:
    """Return what the audit log calls this very approval."""
    return f"projects.approved:{approval.pk}"


def check_as_approved(project: Project) -> None:
    """Refuse when the project is not what was approved, by the approval and by the audit log's entry of it.

    Raises
    ------
    Refused
        When somebody changed it since, in the database or otherwise.
    """
    approval = project.approvals.order_by("-pk").first()
    kept = [] if approval is None else [approval.digest]
    if approval is not None:
        entry = Entry.objects.filter(once=approved_once(approval)).first()
        kept.append(str(entry.data.get("digest")) if entry else "")
    check_unchanged(digest(terms(project)), *kept)


def stands_as_approved(project: Project) -> bool:
    """Return whether :func:`check_as_approved` lets the project pass."""
    try:
        check_as_approved(project)
    except Refused:
        return False
    return True


@transaction.atomic
def ask_for_extract(code: str, actor: Principal) -> Extract:
    """Queue the making of a project's next extract; one that is under way is returned instead.

    One whose job was given up is marked failed, and the next takes its place.

    Raises
    ------
    Refused
        When the person may not, or the project or an agreement is not in force.
    """
    project = get(code, lock=True)
    require(actor, "provision_extract", project.resource())
    agreements = [agreement.agreed() for agreement in project.agreements.all()]
    check_provisionable(project.status, project.starts, project.ends, agreements, date.today())
    check_as_approved(project)
    if unfinished := unfinished_extract(project):
        if not given_up(unfinished):
            return unfinished
        mark_failed(unfinished, actor)
    number = (project.extracts.aggregate(most=Max("number"))["most"] or 0) + 1
    extract = Extract.objects.create(project=project, number=number, asked_by=actor.username)
    subject = f"project:{code}"
    record("projects.extract_asked", actor=actor.username, subject=subject, data={"extract": number})
    enqueue("projects.provision", {"extract": extract.pk}, once=_provisioning(extract))
    return extract


def _provisioning(extract: Extract) -> str:
    """Return what the queue calls the making of this extract."""
    return f"projects.provision:{extract.pk}"


def mark_failed(extract: Extract, actor: Principal) -> None:
    """Give up an extract that is not made yet, in the caller's transaction."""
    extract.failed = True
    extract.save(update_fields=["failed"])
    subject = f"project:{extract.project.code}"
    record("projects.extract_failed", actor=actor.username, subject=subject, data={"extract": extract.number})


def get(code: str, lock: bool = False) -> Project:
    """Return a project by its code.

    Raises
    ------
    Missing
        When there is none.
    """
    projects = Project.objects.select_for_update() if lock else Project.objects
    project = projects.filter(code=code).first()
    if project is None:
        raise Missing("There is no such project", where=code)
    return project


def visible(person: Principal) -> list[Project]:
    """Return the projects that a person may see."""
    return [each for each in Project.objects.all() if decide(person, "view_project", each.resource()).allowed]


def current_extract(project: Project) -> Extract | None:
    """Return the newest extract that may be used today, or None: never one that waits, is over, or is destroyed."""
    made = project.extracts.filter(ready=True, held=False, end_asked_by="").order_by("-number")
    return next((extract for extract in made if extract.state == USABLE), None)


def allowed(person: Principal, project: Project) -> Callable[[str], bool]:
    """Return what answers whether the person may do an act to the project."""
    return lambda act: decide(person, act, project.resource()).allowed


def unfinished_extract(project: Project) -> Extract | None:
    """Return the extract that is asked for and neither ready nor marked failed, or None."""
    return project.extracts.filter(ready=False, failed=False).first()


def given_up(extract: Extract) -> bool:
    """Return whether the job that makes the extract has failed for good."""
    return has_failed(_provisioning(extract))


def holds_withdrawn(extract: Extract) -> bool:
    """Return whether the extract is stale: it may hold data that a controller has withdrawn since."""
    from tre.catalogue.withdrawals import still_held  # the catalogue's models are ready only after the projects'

    tables = [(table["name"], table["source_version"]) for table in extract.manifest.get("tables", ())]
    return still_held(tables).exists()


def extract_of(code: str, number: int, lock: bool = False) -> Extract:
    """Return an extract of a project by its number.

    Raises
    ------
    Missing
        When there is none.
    """
    extracts = Extract.objects.select_for_update() if lock else Extract.objects
    extract = extracts.filter(project__code=code, number=number).first()
    if extract is None:
        raise Missing("There is no such extract", where=f"{code}, {number}")
    return extract


def stale(extract: Extract) -> bool:
    """Return whether opt-outs have changed since the extract was made: its successor would leave out others."""
    newest, applied = _newest_opt_outs(), extract.manifest.get("opt_outs")
    # Before there were registers the manifest held a digest in their place.
    return newest is not None and (not isinstance(applied, dict) or applied.get("version") != newest)


def _newest_opt_outs() -> int | None:
    from tre.catalogue.models import DatasetVersion  # the catalogue's models are ready only after the projects'

    newest: int | None = DatasetVersion.objects.filter(dataset="opt_outs").aggregate(most=Max("version"))["most"]
    return newest


@transaction.atomic
def note_stale_extracts(actor: str) -> None:
    """Write into the audit log, once for each change, which projects' extracts it made stale."""
    newest = _newest_opt_outs()
    for project in Project.objects.filter(status=Project.Status.APPROVED):
        extract = current_extract(project)
        if extract is not None and stale(extract):
            record(
                "projects.extract_stale",
                actor=actor,
                subject=f"project:{project.code}",
                data={"extract": extract.number, "opt_outs": newest},
                once=f"projects.extract_stale:{extract.pk}:{newest}",
            )
