"""Holds the ledger's tables to the audit log: an insider who gives a project budget back in the tables is told."""

from __future__ import annotations

from collections.abc import Mapping

from tre.audit.models import Entry
from tre.privacy.domain import Account, spends_told
from tre.privacy.errors import LedgerBroken
from tre.privacy.models import Ledger, Spend

_OF_SPENDS = ("privacy.reserved", "privacy.committed", "privacy.refunded", "privacy.spend_bound")


def reconcile() -> None:
    """Compare every budget, spend and payment with the log's entries, both ways.

    The tables are read before the log: whatever they hold by then, the log tells. An entry that is newer than that
    look is left out, so that nobody who spends meanwhile is taken for a forger.

    Raises
    ------
    LedgerBroken
        Naming the first project's budget or the first spend that differs.
    """
    newest = Entry.objects.order_by("-number").values_list("number", flat=True).first() or 0
    budgets = {each.project.code: _amounts(each) for each in Ledger.objects.select_related("project")}
    spends = {str(each.pk): _account(each) for each in Spend.objects.select_related("ledger__project", "payment")}
    later = Entry.objects.filter(number__gt=newest, event__startswith="privacy.")
    entries = Entry.objects.filter(event__startswith="privacy.").order_by("number")
    opened = {
        _project(entry): (str(entry.data.get("epsilon")), str(entry.data.get("delta")))
        for entry in entries.filter(event="privacy.budget_opened")
    }
    told = spends_told((entry.event, _project(entry), entry.data) for entry in entries.filter(event__in=_OF_SPENDS))
    moving = {str(entry.data.get("spend")) for entry in later.filter(event__in=_OF_SPENDS)}
    moved = {_project(entry) for entry in later}
    _compare("budget of project", budgets, opened, moved)
    _compare("spend", spends, told, moving)


def _compare(what: str, kept: Mapping[str, object], told: Mapping[str, object], moving: set[str]) -> None:
    for name in sorted((kept.keys() | told.keys()) - moving):
        if kept.get(name) != told.get(name):
            raise LedgerBroken(
                "The privacy ledger is not what the audit log tells",
                where=f"{what} {name}",
                todo="Stop work and tell the auditor",
            )


def _project(entry: Entry) -> str:
    return entry.subject.removeprefix("project:")


def _amounts(ledger: Ledger) -> tuple[str, str]:
    return str(ledger.epsilon), str(ledger.delta)


def _account(spend: Spend) -> Account:
    payment = getattr(spend, "payment", None)
    amounts = str(spend.epsilon), str(spend.delta)
    return Account(spend.ledger.project.code, *amounts, spend.state, payment.model if payment else "")
