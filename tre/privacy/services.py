"""Reserving, committing and refunding privacy budget. Each in one transaction with its audit entry."""

from __future__ import annotations

from django.db import transaction

from tre.audit.services import record
from tre.errors import Refused
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.privacy.domain import Budget, budget, check_fits, total
from tre.privacy.models import Ledger, Spend
from tre.projects.models import Project

# A project's delta: well under one in the number of persons it could hold (Dwork and Roth, section 2.3).
PROJECT_DELTA = "0.00001"


def open_ledger(project: Project, epsilon: object, actor: str) -> Ledger:
    """Give a project its budget, once, in the caller's transaction."""
    allowed = budget(epsilon, PROJECT_DELTA)
    ledger, made = Ledger.objects.get_or_create(
        project=project, defaults={"epsilon": allowed.epsilon, "delta": allowed.delta}
    )
    if made:
        data = {"epsilon": str(allowed.epsilon), "delta": str(allowed.delta)}
        record("privacy.budget_opened", actor=actor, subject=f"project:{project.code}", data=data)
    return ledger


@transaction.atomic
def reserve(project: Project, *, epsilon: object, delta: object, purpose: str, actor: Principal, once: str) -> Spend:
    """Take budget out before it is used, so that two trainings at once cannot both have the last of it.

    Parameters
    ----------
    once : str
        The name of this very spend; asked again, the first is returned and nothing more is taken.

    Raises
    ------
    Refused
        When the person may not spend this project's budget, or it does not cover the spend.
    """
    require(actor, "spend_budget", project.resource())
    ledger = Ledger.objects.select_for_update().get(project=project)
    key = f"{project.code}:{once}"
    if before := Spend.objects.filter(once=key).first():
        return before
    wanted = budget(epsilon, delta)
    check_fits(ledger.allowed(), spent(ledger), wanted)
    spend = Spend.objects.create(
        ledger=ledger, epsilon=wanted.epsilon, delta=wanted.delta, purpose=purpose[:200], by=actor.username, once=key
    )
    _tell("privacy.reserved", spend, actor.username)
    return spend


def commit(project: Project, number: int, actor: Principal) -> Spend:
    """Mark a spend as used, for good.

    Raises
    ------
    Refused
        When there is no such spend of this project, or it was refunded.
    """
    return _settle(project, number, actor, Spend.State.COMMITTED)


def refund(project: Project, number: int, actor: Principal) -> Spend:
    """Return a reservation of which nothing was used.

    Raises
    ------
    Refused
        When there is no such spend of this project, or it was committed.
    """
    return _settle(project, number, actor, Spend.State.REFUNDED)


@transaction.atomic
def _settle(project: Project, number: int, actor: Principal, end: Spend.State) -> Spend:
    require(actor, "spend_budget", project.resource())
    spend = Spend.objects.select_for_update().filter(pk=number, ledger__project=project).first()
    if spend is None:
        raise Refused("There is no such spend", where=f"spend {number}")
    if spend.state == end:
        return spend
    if spend.state != Spend.State.RESERVED:
        raise Refused(f"The spend was {spend.state} already", where=f"spend {number}")
    spend.state = end
    spend.save(update_fields=["state"])
    _tell(f"privacy.{end}", spend, actor.username)
    return spend


def _tell(event: str, spend: Spend, actor: str) -> None:
    data = {"epsilon": str(spend.epsilon), "delta": str(spend.delta), "purpose": spend.purpose, "spend": spend.pk}
    record(event, actor=actor, subject=f"project:{spend.ledger.project.code}", data=data)


def spent(ledger: Ledger) -> Budget:
    """Return what was reserved or committed so far."""
    return total(spend.amount() for spend in ledger.spends.exclude(state=Spend.State.REFUNDED))
