"""Reserving, committing and refunding privacy budget, and paying for models. Each in one transaction with its entry.

A notebook is the researcher's own code: whether a training began there is its word alone. So what a notebook reserved
is never given back; it is committed before the training, and a training that fails afterwards has spent it. A refund is
for the platform's own jobs, which know that nothing ran.
"""

from __future__ import annotations

from django.db import transaction

from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.privacy.domain import Budget, budget, check_fits, check_once, check_same, total
from tre.privacy.models import Ledger, Payment, Spend
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
def reserve(
    project: Project,
    *,
    epsilon: object,
    delta: object,
    purpose: str,
    actor: Principal,
    once: str,
    origin: Spend.Origin = Spend.Origin.NOTEBOOK,
) -> Spend:
    """Take budget out before it is used, so that two trainings at once cannot both have the last of it.

    Parameters
    ----------
    purpose : str
        What it is for, in the researcher's words; shown on the ledger, never written into the log.
    once : str
        The name of this very spend; asked again for the same amounts, the first is returned and nothing more is taken.
    origin : str
        Whether a notebook or a job of the platform takes it.

    Raises
    ------
    Refused
        When the person may not spend this project's budget, it does not cover the spend, or a spend of the same name
        was refunded or is for other amounts.
    """
    require(actor, "spend_budget", project.resource())
    check_once(once)
    ledger = Ledger.objects.select_for_update().get(project=project)
    key, wanted = f"{project.code}:{once}", budget(epsilon, delta)
    if before := Spend.objects.filter(once=key).first():
        check_same(before.amount(), before.state == Spend.State.REFUNDED, wanted)
        return before
    check_fits(ledger.allowed(), spent(ledger), wanted)
    spend = Spend.objects.create(
        ledger=ledger, epsilon=wanted.epsilon, delta=wanted.delta, purpose=storable(purpose)[:200],
        by=actor.username, origin=origin, once=key,
    )  # fmt: skip
    _tell("privacy.reserved", spend, actor.username)
    return spend


def commit(project: Project, number: int, actor: Principal) -> Spend:
    """Mark a spend as used, for good: before the training that it pays for begins.

    Raises
    ------
    Refused
        When there is no such spend of this project, or it was refunded.
    """
    return _settle(project, number, actor, Spend.State.COMMITTED)


def refund(project: Project, number: int, actor: Principal) -> Spend:
    """Return a reservation of the platform's own, of which nothing was used.

    Raises
    ------
    Refused
        When there is no such spend of this project, it was committed, or a notebook took it.
    """
    return _settle(project, number, actor, Spend.State.REFUNDED)


@transaction.atomic
def _settle(project: Project, number: int, actor: Principal, end: Spend.State) -> Spend:
    require(actor, "spend_budget", project.resource())
    spend = Spend.objects.select_for_update().filter(pk=number, ledger__project=project).first()
    if spend is None:
        raise Refused("There is no such spend", where=f"spend {number}")
    if end == Spend.State.REFUNDED and spend.origin == Spend.Origin.NOTEBOOK:
        raise Refused(
            "What a notebook reserved is not given back: its training may have begun", where=f"spend {number}"
        )
    if spend.state == end:
        return spend
    if spend.state != Spend.State.RESERVED:
        raise Refused(f"The spend was {spend.state} already", where=f"spend {number}")
    spend.state = end
    spend.save(update_fields=["state"])
    _tell(f"privacy.{end}", spend, actor.username)
    return spend


def _tell(event: str, spend: Spend, actor: str) -> None:
    # The purpose stays out: it is free text from a notebook, and the log is forever.
    data = {"epsilon": str(spend.epsilon), "delta": str(spend.delta), "spend": spend.pk}
    record(event, actor=actor, subject=f"project:{spend.ledger.project.code}", data=data)


def spent(ledger: Ledger) -> Budget:
    """Return what was reserved or committed so far."""
    return total(spend.amount() for spend in ledger.spends.exclude(state=Spend.State.REFUNDED))


@transaction.atomic
def pay(project: Project, *, epsilon: object, delta: object, model: str, actor: str) -> Spend:
    """Bind a committed spend of the project to a model, for good; of those that cover it, the smallest.

    A spend pays for one model, and a model is paid for once: released again, its payment is found.

    Parameters
    ----------
    epsilon, delta
        What the model's training spent, recomputed from its noise, sampling rate and steps.
    model : str
        SHA-256 of the model's weights.

    Raises
    ------
    Refused
        When no unused committed spend covers the model, or what was paid for it was another project's or less.
    """
    ledger, cost = Ledger.objects.select_for_update().get(project=project), budget(epsilon, delta)
    if before := Payment.objects.select_related("spend").filter(model=model).first():
        if before.spend.ledger_id != ledger.pk or not before.spend.amount().covers(cost):
            raise Refused("What was paid for this model does not cover it", where=f"project {project.code}")
        return before.spend
    unused = ledger.spends.filter(state=Spend.State.COMMITTED, payment=None).order_by("epsilon", "delta", "id")
    spend = next((each for each in unused if each.amount().covers(cost)), None)
    if spend is None:
        raise Refused(
            f"No unused spend of the project covers the model's epsilon of {cost.epsilon.normalize():f}",
            where=f"project {project.code}",
            todo="Train it with tre.train_private, which pays for it first",
        )
    Payment.objects.create(spend=spend, model=model)
    data = {"spend": spend.pk, "model": model}
    record("privacy.spend_bound", actor=actor, subject=f"project:{project.code}", data=data)
    return spend
