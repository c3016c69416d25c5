"""What is left of every ledger that a project's spends touch, and what a choice would cost before it is made."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tre.errors import Missing
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.privacy.accuracy import Figure, accuracy
from tre.privacy.composition import Loss, Mechanism, epsilon_at, epsilon_of, fits, loss_of, stated
from tre.privacy.covering import left, left_delta
from tre.privacy.domain import Budget, budget
from tre.privacy.models import Ledger
from tre.privacy.services import ledgers_of
from tre.projects.models import Project
from tre.projects.services import get


@dataclass(frozen=True)
class Standing:
    """One ledger: whose it is, its budget, what was lost of it and what is left."""

    scope: str
    name: str
    epsilon: Decimal
    delta: Decimal
    spent_epsilon: Decimal
    spent_delta: Decimal
    left_epsilon: Decimal
    left_delta: Decimal

    @property
    def share(self) -> float:
        """The part of epsilon that is spent, from 0 to 1."""
        return min(float(self.spent_epsilon / self.epsilon), 1.0) if self.epsilon else 1.0


@dataclass(frozen=True)
class Price:
    """What one choice comes to by itself, what it adds to a ledger, and whether the ledger covers it."""

    scope: str
    name: str
    epsilon: Decimal
    added: Decimal | None
    covered: bool


@dataclass(frozen=True)
class Choice:
    """An epsilon: its price, and how accurate it was on public data, a figure for each number of people."""

    price: Price
    figures: tuple[Figure, ...]


def budgeted(code: str, person: Principal) -> Project:
    """Return a project that has a privacy budget, to a person who may see it.

    Raises
    ------
    Missing
        When there is no such project, or it was never approved: then it has none.
    NotAllowed
        When the person may not see it.
    """
    project = get(code)
    require(person, "view_project", project.resource())
    if not Ledger.objects.filter(project=project).exists():
        raise Missing("The project has no privacy budget", where=code, todo="It gets one when it is approved")
    return project


def standings(project: Project) -> list[Standing]:
    """Return how the project's own ledger stands, the population's, and those of the datasets that it was given."""
    return [_standing(each) for each in ledgers_of(project)]


def _standing(ledger: Ledger) -> Standing:
    allowed, lost = ledger.allowed(), ledger.lost()
    spent = epsilon_of(lost, allowed.delta)
    return Standing(
        ledger.scope, ledger.name, allowed.epsilon, allowed.delta, allowed.epsilon if spent is None else spent,
        lost.delta, left(allowed, lost), left_delta(allowed, lost),
    )  # fmt: skip


def prices(project: Project, *, epsilon: object, delta: object, by: Mechanism | None = None) -> list[Price]:
    """Return what a spend would cost each ledger; nothing is taken.

    Raises
    ------
    Refused
        The amounts are none, or the mechanism loses more than any budget holds.
    """
    wanted = budget(epsilon, delta)
    if by is not None:
        wanted = Budget(epsilon_at(by, wanted.delta), wanted.delta)
    loss = stated(wanted) if by is None else loss_of(by)
    return [_price(each, wanted, loss) for each in ledgers_of(project)]


def choices(project: Project) -> list[Choice]:
    """Return what each epsilon whose accuracy was measured on public data would cost the project's own ledger."""
    told, ledger = accuracy(), Ledger.objects.get(project=project)
    return [
        Choice(_price(ledger, wanted, stated(wanted)), tuple(each.at[epsilon] for each in told.curves))
        for epsilon in told.epsilons
        for wanted in (Budget(epsilon, told.delta),)
    ]


def _price(ledger: Ledger, wanted: Budget, loss: Loss) -> Price:
    before, after = (epsilon_of(each, ledger.delta) for each in (ledger.lost(), ledger.lost() + loss))
    added = None if before is None or after is None else after - before
    covered = wanted.epsilon > 0 and fits(ledger.allowed(), ledger.lost() + loss)
    return Price(ledger.scope, ledger.name, wanted.epsilon, added, covered)
