"""Who is told that a privacy budget is nearly spent, or spent, in the transaction of the spend that made it so."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Q

from tre.catalogue.contracts import datasets
from tre.notices.policy import notice_policy
from tre.notices.services import tell
from tre.people.models import Account
from tre.privacy.composition import Loss, epsilon_of
from tre.privacy.models import Ledger

_MANAGERS = Q(roles__name="data_manager")


def tell_spent(ledger: Ledger, before: Loss, spend: int) -> None:
    """Tell whose budget it is when a spend has brought it past a share that the policy names; after its audit entry.

    Parameters
    ----------
    before : Loss
        What was lost of the ledger without the spend.
    spend : int
        The spend's number: the same budget, given back and spent again, is told of again.
    """
    was, now = _percent(ledger, before), _percent(ledger, ledger.lost())
    passed = [kind for kind, share in notice_policy().budget.items() if was < share <= now]
    if passed:
        people = Account.objects.filter(_MANAGERS | _whose(ledger)).distinct()
        tell(passed[-1], people, ledger.subject(), once=f"{passed[-1]}:{ledger.pk}:{spend}")


def _percent(ledger: Ledger, lost: Loss) -> Decimal:
    spent = epsilon_of(lost, ledger.delta)
    if spent is None or not ledger.epsilon:
        return Decimal(100)
    return 100 * spent / ledger.epsilon


def _whose(ledger: Ledger) -> Q:
    """Return who besides data managers: a project's people, or those who answer for a dataset."""
    if ledger.project_id is not None:
        return Q(projects=ledger.project_id)
    found = datasets().get(ledger.name) if ledger.scope == Ledger.Scope.DATASET else None
    return Q(ownerships__controller=found.controller) if found else _MANAGERS
