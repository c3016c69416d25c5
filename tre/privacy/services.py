"""Reserving, committing and refunding privacy budget, and paying for models. Each in one transaction with its entry.

A notebook is the researcher's own code: whether a training began there is its word alone. So what a notebook reserved
is never given back; it is committed before the training, and a training that fails afterwards has spent it. A refund is
for the platform's own jobs, which know that nothing ran.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Q

from tre.audit.services import record
from tre.disclosure.model import storable
from tre.errors import Refused
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.privacy.allowance import allowance
from tre.privacy.composition import Loss, Mechanism, epsilon_at, epsilon_of, loss_of, mechanism, stated
from tre.privacy.covering import check_covers
from tre.privacy.domain import Budget, budget, check_once, check_same
from tre.privacy.models import Ledger, Payment, Spend
from tre.privacy.telling import tell_spent
from tre.projects.models import Project

_PLATFORM = "privacy"  # who opens the budgets of the policy, and settles what the platform took
Scope = Ledger.Scope


def open_ledger(project: Project, epsilon: object, actor: str) -> Ledger:
    """Give a project its budget, once, in the caller's transaction."""
    allowed = budget(epsilon, allowance().project_delta)
    return _opened(Scope.PROJECT, project.code, allowed, actor, project)


def _opened(scope: Scope, name: str, allowed: Budget, actor: str, project: Project | None = None) -> Ledger:
    ledger, made = Ledger.objects.get_or_create(
        scope=scope, name=name, defaults={"project": project, "epsilon": allowed.epsilon, "delta": allowed.delta}
    )
    if made:
        data = {"epsilon": str(allowed.epsilon), "delta": str(allowed.delta)}
        record("privacy.budget_opened", actor=actor, subject=ledger.subject(), data=data)
    return ledger


def ledgers_of(project: Project, datasets: Sequence[str] | None = None) -> list[Ledger]:
    """Return the ledgers that a spend of a project touches, its own first; those that nobody touched yet are opened.

    Parameters
    ----------
    datasets : sequence of str, optional
        What the spend reads. A notebook is the researcher's own code, and its word for it is none: left out, it is all
        that the project was given.
    """
    named = set(project.agreements.values_list("dataset", flat=True) if datasets is None else datasets)
    touched = (
        Q(scope=Scope.PROJECT, project=project)
        | Q(scope=Scope.POPULATION, name=allowance().population)
        | Q(scope=Scope.DATASET, name__in=named)
    )
    found = list(Ledger.objects.filter(touched))
    if len(found) < 2 + len(named):
        _open_policy_s(named)
        found = list(Ledger.objects.filter(touched))
    return sorted(found, key=lambda each: (list(Scope).index(Scope(each.scope)), each.name))


@transaction.atomic
def _open_policy_s(datasets: Iterable[str]) -> None:
    allowed = allowance()
    _opened(Scope.POPULATION, allowed.population, allowed.of_population, _PLATFORM)
    for name in sorted(datasets):
        _opened(Scope.DATASET, name, allowed.of_dataset(name), _PLATFORM)


def reserve(
    project: Project,
    *,
    epsilon: object,
    delta: object,
    purpose: str,
    actor: Principal,
    once: str,
    origin: Spend.Origin = Spend.Origin.NOTEBOOK,
    by: Mechanism | None = None,
    datasets: Sequence[str] | None = None,
    buys: Spend.Buys = Spend.Buys.MODEL,
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
    by : Mechanism, optional
        What it is spent by. Told of many spends, they come to less together than their epsilons do.
    datasets : sequence of str, optional
        See :func:`ledgers_of`.
    buys : str
        Whether it may pay for a model, or was an answer's.

    Raises
    ------
    Refused
        When the person may not spend this project's budget, a ledger does not cover the spend, its mechanism loses more
        than it says, or a spend of the same name was refunded or is for other amounts.
    """
    require(actor, "spend_budget", project.resource())
    check_once(once)
    wanted = budget(epsilon, delta)
    if by is not None and (least := epsilon_at(by, wanted.delta)) > wanted.epsilon:
        raise Refused(f"The mechanism loses epsilon {least.normalize():f} at this delta", where="epsilon")
    loss = stated(wanted) if by is None else loss_of(by)
    touched = ledgers_of(project, datasets)
    return _taken(project, touched, wanted, loss, Spend(
        epsilon=wanted.epsilon, delta=wanted.delta, purpose=storable(purpose)[:200], by=actor.username, origin=origin,
        once=f"{project.code}:{once}", buys=buys, mechanism=by.to_json() if by else {}, curve=list(loss.curve),
    ))  # fmt: skip


@transaction.atomic
def _taken(project: Project, touched: Sequence[Ledger], wanted: Budget, loss: Loss, spend: Spend) -> Spend:
    # all in one order, so that no two spends wait for each other
    ledgers = list(Ledger.objects.select_for_update().filter(pk__in=[each.pk for each in touched]).order_by("pk"))
    if before := Spend.objects.filter(once=spend.once).first():
        check_same(before.amount(), before.state == Spend.State.REFUNDED, wanted, before.mechanism == spend.mechanism)
        return before
    for ledger in ledgers:
        check_covers(ledger.subject(), ledger.allowed(), ledger.lost(), wanted, loss)
    spend.ledger = next(each for each in ledgers if each.project_id == project.pk)
    spend.save(force_insert=True)
    spend.touched.set(ledgers)
    lost_before = [ledger.lost() for ledger in ledgers]
    for ledger in ledgers:
        ledger.keep(ledger.lost() + loss)
    _tell("privacy.reserved", spend, spend.by, touched=sorted(each.subject() for each in ledgers))
    for ledger, lost in zip(ledgers, lost_before, strict=True):
        tell_spent(ledger, lost, spend.pk)
    return spend


def commit(project: Project, number: int, actor: Principal) -> Spend:
    """Mark a spend as used, for good: before the training that it pays for begins.

    Raises
    ------
    Refused
        When there is no such spend of this project, or it was refunded.
    """
    require(actor, "spend_budget", project.resource())
    return _settle(project, number, actor.username, Spend.State.COMMITTED)


def refund(project: Project, number: int, actor: Principal) -> Spend:
    """Return a reservation of the platform's own, of which nothing was used.

    Raises
    ------
    Refused
        When there is no such spend of this project, it was committed, or a notebook took it.
    """
    require(actor, "spend_budget", project.resource())
    return _settle(project, number, actor.username, Spend.State.REFUNDED)


def settle_own(spend: Spend, *, used: bool) -> Spend:
    """Commit or refund what a job of the platform took for a person, whatever that person may do by now.

    Raises
    ------
    Refused
        When a notebook took it, or it was settled otherwise.
    """
    if spend.origin != Spend.Origin.PLATFORM or spend.ledger.project is None:
        raise Refused("The platform settles what it took itself", where=f"spend {spend.pk}")
    end = Spend.State.COMMITTED if used else Spend.State.REFUNDED
    return _settle(spend.ledger.project, spend.pk, _PLATFORM, end)


@transaction.atomic
def _settle(project: Project, number: int, actor: str, end: Spend.State) -> Spend:
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
    if end == Spend.State.REFUNDED:
        for ledger in spend.touched.select_for_update().order_by("pk"):
            ledger.keep(ledger.lost().without(spend.loss()))
    spend.state = end
    spend.save(update_fields=["state"])
    _tell(f"privacy.{end}", spend, actor)
    return spend


def _tell(event: str, spend: Spend, actor: str, **more: object) -> None:
    # The purpose stays out: it is free text from a notebook, and the log is forever.
    data = {"epsilon": str(spend.epsilon), "delta": str(spend.delta), "spend": spend.pk, **more}
    if spend.mechanism and more:
        data |= {"mechanism": spend.mechanism, "curve": spend.curve}
    if spend.buys != Spend.Buys.MODEL and more:
        data |= {"buys": spend.buys}
    record(event, actor=actor, subject=spend.ledger.subject(), data=data)


def spent(ledger: Ledger) -> Budget:
    """Return what the reserved and committed spends come to together, and the delta of those known by it alone."""
    lost = ledger.lost()
    epsilon = epsilon_of(lost, ledger.delta)
    return Budget(ledger.epsilon if epsilon is None else epsilon, lost.delta)


@transaction.atomic
def pay(
    project: Project, *, epsilon: object, delta: object, model: str, actor: str, by: Mechanism | None = None
) -> Spend:
    """Bind a committed spend of the project to a model, for good; of those that cover it, the smallest.

    A spend pays for one model, and a model is paid for once: released again, its payment is found.

    Parameters
    ----------
    epsilon, delta
        What the model's training spent, recomputed from its noise, sampling rate and steps.
    model : str
        SHA-256 of the model's weights.
    by : Mechanism, optional
        What its training was: a spend that was taken for a mechanism pays for no other.

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
    unused = ledger.spends.filter(state=Spend.State.COMMITTED, payment=None, buys=Spend.Buys.MODEL)
    spend = next(
        (each for each in unused.order_by("epsilon", "delta", "id") if each.amount().covers(cost) and _is_by(each, by)),
        None,
    )
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


def _is_by(spend: Spend, by: Mechanism | None) -> bool:
    return not spend.mechanism or (by is not None and mechanism(spend.mechanism).covers(by))
