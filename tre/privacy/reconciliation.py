"""Holds the ledger's tables to the audit log: an insider who gives a project budget back in the tables is told."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from django.db import transaction

from tre.audit.models import Entry
from tre.privacy.composition import Loss, stated, whole
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
    with transaction.atomic():  # what a ledger lost is the sum of its spends at one moment
        ledgers = list(Ledger.objects.select_for_update().order_by("pk"))
        held = list(Spend.objects.select_related("ledger__project", "payment").prefetch_related("touched"))
        spends = {str(each.pk): _account(each) for each in held}
    budgets = {each.subject(): _amounts(each) for each in ledgers}
    later = Entry.objects.filter(number__gt=newest, event__startswith="privacy.")
    entries = Entry.objects.filter(event__startswith="privacy.").order_by("number")
    opened = {
        entry.subject: (str(entry.data.get("epsilon")), str(entry.data.get("delta")))
        for entry in entries.filter(event="privacy.budget_opened")
    }
    told = spends_told((entry.event, _project(entry), entry.data) for entry in entries.filter(event__in=_OF_SPENDS))
    moving = {str(entry.data.get("spend")) for entry in later.filter(event__in=_OF_SPENDS)}
    moved = {entry.subject for entry in later}
    _compare("budget of", budgets, opened, moved)
    _compare("spend", spends, told, moving)
    _check_sums(ledgers, held)


def _compare(what: str, kept: Mapping[str, object], told: Mapping[str, object], moving: set[str]) -> None:
    for name in sorted((kept.keys() | told.keys()) - moving):
        if kept.get(name) != told.get(name):
            raise _broken(f"{what} {name.replace(':', ' ')}")


def _check_sums(ledgers: Sequence[Ledger], spends: Sequence[Spend]) -> None:
    """Hold what each ledger keeps of its losses to the spends that touched it."""
    lost: dict[int, list[Loss]] = {each.pk: [] for each in ledgers}
    for spend in spends:
        if not spend.mechanism and spend.loss() != stated(spend.amount()):
            raise _broken(f"spend {spend.pk}")
        if spend.state != Spend.State.REFUNDED:
            for ledger in spend.touched.all():
                lost[ledger.pk].append(spend.loss())
    for ledger in ledgers:
        if ledger.lost() != whole(lost[ledger.pk]):
            raise _broken(f"what was lost of {ledger.subject().replace(':', ' ')}")


def _broken(where: str) -> LedgerBroken:
    return LedgerBroken(
        "The privacy ledger is not what the audit log tells", where=where, todo="Stop work and tell the auditor"
    )


def _project(entry: Entry) -> str:
    return entry.subject.removeprefix("project:")


def _amounts(ledger: Ledger) -> tuple[str, str]:
    return str(ledger.epsilon), str(ledger.delta)


def _account(spend: Spend) -> Account:
    payment = getattr(spend, "payment", None)
    amounts = str(spend.epsilon), str(spend.delta)
    project = spend.ledger.name
    touched = tuple(sorted(each.subject() for each in spend.touched.all()))
    by = json.dumps([spend.mechanism, spend.curve], sort_keys=True) if spend.mechanism else ""
    return Account(project, *amounts, spend.state, payment.model if payment else "", touched, by, spend.buys)
