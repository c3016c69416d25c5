"""What a run costs: reserved under a name of its own, anew each time that it is asked for, and settled once."""

from __future__ import annotations

from django.db.models import QuerySet

from tre.people.services import principal_of
from tre.privacy.models import Spend
from tre.privacy.questions import gaussian
from tre.privacy.services import reserve, settle_own
from tre.projects.models import Extract, Project
from tre.runs.attested.models import Run


def spend_name(run: Run, attempt: int | None = None) -> str:
    """Return the name of what an attempt at a run costs; of the run's own attempt where none is told."""
    return f"run-{run.pk}-{run.attempt if attempt is None else attempt}"


def reserve_beforehand(run: Run) -> None:
    """Reserve what a run costs that is paid for before it is queued, in the caller's transaction: a private question.

    A training is paid for once it is known to be trained: see :mod:`tre.runs.attested.kinds.training`.

    Raises
    ------
    Refused
        When a ledger does not cover it, or its amounts are none.
    """
    if run.kind != "private":
        return
    told = run.spec
    reserve(
        run.project, epsilon=told["epsilon"], delta=told["delta"], purpose=told["purpose"],
        actor=principal_of(run.author, used_second_factor=True), once=spend_name(run), origin=Spend.Origin.PLATFORM,
        by=gaussian(told["epsilon"], told["delta"]), datasets=_read(run.project, run.extract, told["query"]),
        buys=Spend.Buys.ANSWER,
    )  # fmt: skip


def settle(run: Run, attempt: int | None = None, *, touched: bool) -> None:
    """Settle what is still reserved for an attempt: a question's is spent where data may have been touched for it.

    Else it is given back. A training that touches anything is committed by then.
    """
    used = touched and run.kind == "private"
    for spend in spends_of(run, attempt).filter(state=Spend.State.RESERVED):
        settle_own(spend, used=used)


def spends_of(run: Run, attempt: int | None = None) -> QuerySet[Spend]:
    """Return what was taken for an attempt at a run: one spend, or none."""
    return Spend.objects.filter(once=f"{run.project.code}:{spend_name(run, attempt)}")


def _read(project: Project, extract: Extract, query: object) -> list[str] | None:
    """Return the one dataset that the platform will read, or None where it is not known by the table's name."""
    asked = query.get("table") if isinstance(query, dict) else None
    tables = {each["name"] for each in extract.manifest["tables"]}
    return sorted(tables & set(project.agreements.values_list("dataset", flat=True)) & {str(asked)}) or None
