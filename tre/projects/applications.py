"""Applying for a project, and deciding about it: the lead asks, the data manager assesses, each dataset's owner agrees.

What is asked for is frozen when it is submitted: its digest stands in the database and in the audit log, and so does
each judgement. An approval is given to exactly that, once every owner has agreed, by somebody who is neither named in
the application nor agreed to it as an owner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from tre.audit.models import Entry
from tre.audit.services import record
from tre.catalogue.contracts import dataset as contract_of
from tre.config.options import load
from tre.errors import Refused
from tre.people.models import Account
from tre.policy.decision import require
from tre.policy.domain import PLATFORM, Principal
from tre.projects.applying import (
    Named,
    check_answers,
    check_approved_by_all,
    check_columns,
    check_dates,
    check_generalise,
    check_judgement,
    check_other_people,
    check_people,
)
from tre.projects.disclosure import Choice, check_choice
from tre.projects.domain import Agreed, check_approvable, digest
from tre.projects.models import (
    Agreement,
    Application,
    Approval,
    Assessment,
    Membership,
    OwnerDecision,
    PastMembership,
    Project,
)
from tre.projects.services import approved_once, create_project, get, save_whole, stands_as_approved, terms
from tre.projects.telling import decided, queue_agreement_ends

_NOT_CHOSEN = ["", None]  # the disclosure rules of an assessment of before there were any to choose
Kind, State, Status = Application.Kind, Application.State, Project.Status


@transaction.atomic
def apply_for(actor: Principal, *, code: str, people: Sequence[str], **told: Any) -> Project:
    """Begin an application: a draft project that the person leads.

    Parameters
    ----------
    people : sequence of str
        User names of those who are to work in it beside the lead.
    told : mapping
        The rest of the project's fields: title, purpose, cohort, dates, and those of
        :data:`tre.projects.services.DETAILS`.

    Raises
    ------
    Refused
        When the person may not, the code is taken, or somebody named could not work in it.
    """
    require(actor, "apply_for_project", PLATFORM)
    members = _members([actor.username, *people])
    check_dates(told["starts"], told["ends"])
    basics = {name: told.pop(name) for name in ("title", "purpose", "cohort", "starts", "ends")}
    return create_project(code=code, members=members, agreements=[], actor=actor.username, told=told, **basics)


@transaction.atomic
def change_details(code: str, actor: Principal, *, people: Sequence[str], **told: Any) -> Project:
    """Change what a draft says; its agreements have the project's dates.

    Raises
    ------
    Refused
        When the person may not, or somebody named could not work in it.
    """
    project = _draft(code, actor)
    members = _members([actor.username, *people])
    check_dates(told["starts"], told["ends"])
    for name, value in told.items():
        setattr(project, name, value)
    save_whole(project)
    _set_members(project, members)
    project.agreements.update(starts=project.starts, ends=project.ends)
    record("projects.draft_changed", actor=actor.username, subject=f"project:{code}", data={"members": members})
    return project


@transaction.atomic
def ask_for_dataset(code: str, actor: Principal, asked: Agreed) -> Agreement:
    """Ask for one dataset, or for it otherwise than before: whose it is, and what it shares, its contract says.

    Raises
    ------
    Refused
        When the person may not, the dataset shares no such column, a rule makes none coarser, or the basis is none.
    """
    project, contract = _draft(code, actor), contract_of(asked.dataset)
    shared = [column.name for column in contract.columns if column.shared]
    check_columns(asked.dataset, asked.columns, shared)
    check_generalise(asked.generalise, shared)
    asked.basis.check(asked.dataset)
    if asked.first and asked.last and asked.last < asked.first:
        raise Refused("The last day lies before the first", where=asked.dataset, todo="Correct the days")
    dated = bool(contract.date_column)
    asked = replace(
        asked, controller=contract.controller, starts=project.starts, ends=project.ends,
        first=asked.first if dated else None, last=asked.last if dated else None,
    )  # fmt: skip
    agreement, _ = Agreement.objects.update_or_create(
        project=project, dataset=asked.dataset, defaults=Agreement.fields_of(asked)
    )
    data = {"dataset": asked.dataset, "columns": list(asked.columns)}
    record("projects.dataset_asked", actor=actor.username, subject=f"project:{code}", data=data)
    return agreement


@transaction.atomic
def leave_out_dataset(code: str, dataset: str, actor: Principal) -> None:
    """Take a dataset out of a draft; not in it, nothing changes.

    Raises
    ------
    Refused
        When the person may not.
    """
    project = _draft(code, actor)
    if project.agreements.filter(dataset=dataset).delete()[0]:
        data = {"dataset": dataset}
        record("projects.dataset_left_out", actor=actor.username, subject=f"project:{code}", data=data)


@transaction.atomic
def submit(code: str, actor: Principal) -> Application:
    """Submit a draft: from now on it is decided as it stands.

    Raises
    ------
    Refused
        When the person may not, or the application lacks something.
    """
    project = _draft(code, actor)
    members = members_of(project)
    check_people(_named(members))
    check_answers(project.five_safes)
    check_dates(project.starts, project.ends)
    agreements = [agreement.agreed() for agreement in project.agreements.all()]
    check_approvable(project.purpose, len(members), project.starts, project.ends, agreements)
    project.status = Status.SUBMITTED
    project.save(update_fields=["status"])
    return _open(project, Kind.NEW, project.ends, members, "", actor)


@transaction.atomic
def ask_for_change(code: str, actor: Principal, ends: date, people: Sequence[str], why: str) -> Application:
    """Ask for more time, or for other people, in a project that is approved; until it is decided nothing changes.

    Asked for with what there is already, the project as it stands now is to be approved anew. Where its lead is gone, a
    data manager asks, and another person decides.

    Parameters
    ----------
    people : sequence of str
        User names of all who are to work in it, who is to lead it first.

    Raises
    ------
    Refused
        When the person may not, gives no reason, or something else is being decided already.
    """
    project = get(code, lock=True)
    require(actor, "ask_change", project.resource())
    if not why.strip():
        raise Refused("The request lacks a reason", where="why", todo="Say why")
    if open_application(project) is not None:
        raise Refused("Another request is being decided", where=code, todo="Withdraw it first, or wait")
    if ends <= timezone.localdate():
        raise Refused("The end date is not in the future", where="end date", todo="Correct it")
    check_dates(max(project.starts, timezone.localdate()), ends)
    members = _members(people)
    return _open(project, Kind.CHANGE, ends, members, why.strip(), actor)


def _open(
    project: Project, kind: Application.Kind, ends: date, members: list[str], why: str, actor: Principal
) -> Application:
    application = Application.objects.create(
        project=project, kind=kind, ends=ends, people=members, why=why, asked_by=actor.username, digest=""
    )
    application.digest = asked_for(application)
    application.save(update_fields=["digest"])
    data = {"application": application.pk, "kind": str(kind), "digest": application.digest}
    subject = f"project:{project.code}"
    record("projects.submitted", actor=actor.username, subject=subject, data=data, once=_submitted_once(application))
    return application


def asked_for(application: Application) -> str:
    """Return the digest of everything that an application asks for, as it stands now."""
    asked = {"ends": application.ends, "people": application.people, "why": application.why}
    return digest({"terms": terms(application.project), "kind": str(application.kind), **asked})


def _submitted_once(application: Application) -> str:
    return f"projects.submitted:{application.pk}"


@transaction.atomic
def withdraw(code: str, actor: Principal) -> None:
    """Withdraw what waits for a decision; a new project's draft can be changed again.

    Raises
    ------
    Refused
        When the person may not, or nothing waits.
    """
    project = get(code, lock=True)
    require(actor, "withdraw_application", project.resource())
    _close(_waiting(project), State.WITHDRAWN, "", actor)


@transaction.atomic
def assess(
    code: str,
    judgements: Mapping[str, tuple[str, str]],
    actor: Principal,
    profile: str = "",
    disclosure: Choice | None = None,
) -> None:
    """Judge the five safes of what waits for a decision, all of them; judged before, this replaces it.

    Parameters
    ----------
    judgements : mapping
        The judgement and its note by each safe.
    profile : str
        One of :class:`tre.projects.models.Project.Profile`; empty for the one that the project has. It is kept with
        the application, for the project is to stand as it was submitted until it is approved: docs/decisions/0023.
    disclosure : Choice, optional
        The disclosure rules of the project's outputs, kept with the application too; without it those it has.

    Raises
    ------
    Refused
        When the person may not, nothing waits, a safe is left out, a judgement lacks its reason, or the disclosure
        rules would be looser than the organisation's.
    """
    application = _to_decide(code, "assess_application", actor)
    profile = profile or application.project.profile
    if profile not in Project.Profile:
        raise Refused("There is no such profile of a workspace", where="profile", todo="Choose standard or strict")
    project = application.project
    chosen = check_choice(disclosure or Choice(project.disclosure_profile, project.disclosure_threshold))
    application.profile = profile
    application.disclosure_profile, application.disclosure_threshold = chosen.profile, chosen.threshold
    application.save(update_fields=["profile", "disclosure_profile", "disclosure_threshold"])
    for safe, (judgement, note) in judgements.items():
        check_judgement(safe, judgement, note)
        told = {"judgement": judgement, "note": note.strip(), "by": actor.username}
        Assessment.objects.update_or_create(application=application, safe=safe, defaults=told)
    data = {"application": application.pk, "judgements": _judgements(application), "profile": profile}
    data["disclosure"] = [chosen.profile, chosen.threshold]
    record("projects.assessed", actor=actor.username, subject=f"project:{code}", data=data)


@transaction.atomic
def decide_dataset(code: str, dataset: str, agreed: bool, note: str, actor: Principal) -> None:
    """Agree, or not, that a project has one dataset, for the controller that the person answers for.

    Raises
    ------
    Refused
        When the person may not, nothing waits, or a refusal lacks its reason.
    """
    project = get(code, lock=True)
    agreement = project.agreements.filter(dataset=dataset).first()
    if agreement is None:
        raise Refused("The project asks for no such dataset", where=f"{code}, {dataset}")
    require(actor, "decide_dataset", agreement.resource())
    application = _waiting(project)
    _check_as_submitted(application)
    check_other_people(actor.username, _concerned(application), ())
    if not agreed and not note.strip():
        raise Refused("The refusal lacks a reason", where=dataset, todo="Say why")
    told = {"controller": agreement.controller, "agreed": agreed, "note": note.strip(), "by": actor.username}
    OwnerDecision.objects.update_or_create(application=application, dataset=dataset, defaults=told)
    data = {"application": application.pk, "dataset": dataset, "agreed": agreed, "controller": agreement.controller}
    record("projects.dataset_decided", actor=actor.username, subject=f"project:{code}", data=data)


@transaction.atomic
def approve(code: str, actor: Principal, note: str = "") -> Project:
    """Approve what waits for a decision; with nothing waiting, and the project as it was approved, nothing changes.

    Raises
    ------
    Refused
        When the person may not or is named in it, it was not assessed, an owner has not agreed, or it is not what was
        submitted.
    """
    project = get(code, lock=True)
    require(actor, "approve_project", project.resource())
    application = open_application(project)
    if application is None and project.status == Status.APPROVED and stands_as_approved(project):
        return project
    application = _waiting(project)
    _check_as_submitted(application)
    agreements = list(project.agreements.all())
    owners = list(application.owner_decisions.all())
    check_other_people(actor.username, _concerned(application), [each.by for each in owners])
    _check_on_record(application, owners)
    check_approved_by_all(_judgements(application), _agreed(owners), [each.dataset for each in agreements])
    check_people(_named(application.people))
    _apply(application)
    plain = [agreement.agreed() for agreement in project.agreements.all()]
    check_approvable(project.purpose, len(application.people), project.starts, project.ends, plain)
    _close(application, State.APPROVED, note, actor)
    _write_approval(project, actor)
    return project


def _apply(application: Application) -> None:
    """Make the project what was asked for."""
    project = application.project
    project.status = Status.APPROVED
    project.ends = application.ends
    project.profile = application.profile or project.profile
    if application.disclosure_profile:
        project.disclosure_profile = application.disclosure_profile
        project.disclosure_threshold = application.disclosure_threshold
    project.save(update_fields=["status", "ends", "profile", "disclosure_profile", "disclosure_threshold"])
    project.agreements.update(ends=application.ends)
    _set_members(project, application.people)


def _write_approval(project: Project, actor: Principal) -> None:
    account, agreed = Account.objects.get(username=actor.username), digest(terms(project))
    approval = Approval.objects.create(project=project, account=account, digest=agreed)
    from tre.privacy.services import open_ledger  # privacy's own models know projects

    open_ledger(project, load().project_epsilon, actor.username)
    subject, once = f"project:{project.code}", approved_once(approval)
    record("projects.approved", actor=actor.username, subject=subject, data={"digest": agreed}, once=once)
    queue_agreement_ends(project)


@transaction.atomic
def decline(code: str, note: str, actor: Principal) -> None:
    """Decline what waits for a decision, with a reason; a new project's draft can be changed and submitted again.

    Raises
    ------
    Refused
        When the person may not, nothing waits, or the reason is missing.
    """
    application = _to_decide(code, "approve_project", actor)
    if not note.strip():
        raise Refused("The decision lacks a reason", where="note", todo="Say why")
    _close(application, State.DECLINED, note, actor)


def _close(application: Application, state: Application.State, note: str, actor: Principal) -> None:
    application.state, application.note = state, note.strip()
    application.decided_by, application.decided = actor.username, timezone.now()
    application.save(update_fields=["state", "note", "decided_by", "decided"])
    project = application.project
    if application.kind == Kind.NEW and state != State.APPROVED:
        project.status = Status.DRAFT
        project.save(update_fields=["status"])
    data = {"application": application.pk, "state": str(state), "note": application.note}
    record("projects.application_decided", actor=actor.username, subject=f"project:{project.code}", data=data)
    decided(application)


def withdraw_open(project: Project, note: str, actor: Principal) -> None:
    """Withdraw what waits for a decision, if anything does, in the caller's transaction."""
    application = open_application(project)
    if application is not None:
        application.project = project
        _close(application, State.WITHDRAWN, note, actor)


def open_application(project: Project) -> Application | None:
    """Return what waits for a decision in a project, or None."""
    return project.applications.filter(state=State.OPEN).first()


def members_of(project: Project) -> list[str]:
    """Return the user names of a project's members, the lead first."""
    held = Membership.objects.filter(project=project).order_by("-lead", "account__username")
    return list(held.values_list("account__username", flat=True))


def _draft(code: str, actor: Principal) -> Project:
    project = get(code, lock=True)
    require(actor, "change_application", project.resource())
    return project


def _waiting(project: Project) -> Application:
    application = open_application(project)
    if application is None:
        raise Refused(
            "Nothing waits for a decision in this project", where=project.code, todo="Its lead submits a request first"
        )
    application.project = project  # the row that is held
    return application


def _to_decide(code: str, act: str, actor: Principal) -> Application:
    project = get(code, lock=True)
    require(actor, act, project.resource())
    application = _waiting(project)
    _check_as_submitted(application)
    check_other_people(actor.username, _concerned(application), ())
    return application


def _concerned(application: Application) -> set[str]:
    """Return who may decide nothing about an application: whom it names, and who asked."""
    return {*application.people, application.asked_by}


def missing(application: Application) -> str:
    """Return what an application waits for before it can be approved, as a sentence; empty when for nothing."""
    datasets = application.project.agreements.values_list("dataset", flat=True)
    try:
        check_approved_by_all(_judgements(application), _agreed(application.owner_decisions.all()), datasets)
    except Refused as refused:
        return refused.sentence()
    return ""


def _agreed(owners: Iterable[OwnerDecision]) -> dict[str, bool]:
    return {each.dataset: each.agreed for each in owners}


def _check_as_submitted(application: Application) -> None:
    """Refuse to decide about what is not what was submitted, by the row and by the audit log's entry of it."""
    entry = Entry.objects.filter(once=_submitted_once(application)).first()
    kept = {application.digest, str(entry.data.get("digest")) if entry else ""}
    if kept != {asked_for(application)}:
        raise Refused(
            "It is not what was submitted: something of the project has changed since",
            where=application.project.code,
            todo="Tell the auditor; its lead withdraws it and submits it again",
        )


def _judgements(application: Application) -> dict[str, str]:
    return dict(application.assessments.values_list("safe", "judgement"))


def _check_on_record(application: Application, owners: Sequence[OwnerDecision]) -> None:
    """Refuse judgements that nobody is on record for: whoever writes into the database alone decides nothing."""
    logged = [
        entry
        for entry in Entry.objects.filter(
            subject=f"project:{application.project.code}", event__in=("projects.assessed", "projects.dataset_decided")
        ).order_by("pk")
        if entry.data.get("application") == application.pk
    ]
    assessed = [
        (entry.data["judgements"], entry.data.get("profile", ""), entry.data.get("disclosure", _NOT_CHOSEN))
        for entry in logged
        if entry.event == "projects.assessed"
    ]
    decided = {
        entry.data["dataset"]: (entry.data["agreed"], entry.actor)
        for entry in logged
        if entry.event == "projects.dataset_decided"
    }
    found = {each.dataset: (each.agreed, each.by) for each in owners}
    disclosure = [application.disclosure_profile, application.disclosure_threshold]
    judged = (_judgements(application), application.profile, disclosure)
    if found != decided or judged != (assessed[-1] if assessed else ({}, "", _NOT_CHOSEN)):
        raise Refused(
            "A judgement is not the one that the audit log holds",
            where=application.project.code,
            todo="Tell the auditor",
        )


def _named(usernames: Sequence[str]) -> list[Named]:
    accounts = {each.username: each for each in Account.objects.filter(username__in=usernames)}
    missing = [name for name in usernames if name not in accounts]
    if missing:
        raise Refused("There is no such account", where=missing[0], todo="Invite them first, or correct the name")
    today = timezone.localdate()
    return [
        Named(name, account.role_names(), account.training_current(today), account.is_active)
        for name, account in ((name, accounts[name]) for name in usernames)
    ]


def _members(usernames: Sequence[str]) -> list[str]:
    """Return the user names once each, when all of them could work in a project."""
    members = list(dict.fromkeys(usernames))
    check_people(_named(members))
    return members


def _set_members(project: Project, usernames: Sequence[str]) -> None:
    """Make these, the lead first, the project's members; who stays keeps their membership and, by it, their files."""
    now = Membership.objects.select_related("account").filter(project=project)
    held = {each.account.username: each for each in now}
    for name in held.keys() - set(usernames):
        if project.approvals.exists():
            PastMembership.objects.get_or_create(project=project, account=held[name].account)
        held[name].delete()
    for place, name in enumerate(usernames):
        account = Account.objects.get(username=name)
        Membership.objects.update_or_create(project=project, account=account, defaults={"lead": place == 0})
