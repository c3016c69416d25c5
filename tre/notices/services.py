"""Telling people, in the transaction of what they are told of; reading it; and choosing how to be told.

Sending waits in the queue: :mod:`tre.notices.jobs`.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tre.audit.services import record
from tre.errors import Refused
from tre.notices.domain import HOW, KINDS, How, Kind, mailed, next_digest
from tre.notices.models import Choice, Notice
from tre.notices.policy import notice_policy
from tre.people.models import Account
from tre.policy.domain import Principal
from tre.runs.queue import enqueue

SEND, DIGEST = "notices.send", "notices.digest"


def tell(kind: Kind, people: Iterable[Account], about: str, *, once: str, text: str = "") -> None:
    """Tell people of something in the caller's transaction, after its audit entry is written there.

    After it, so that everybody locks in one order: the log's head first.

    Parameters
    ----------
    about : str
        What it is about, as the audit log names it.
    once : str
        The name of this very happening: told again, nothing is written.
    text : str
        What somebody wrote. It is shown in the page and never sent: nobody has inspected it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{kind} was told outside a transaction")
    told = {each.pk: each for each in people if each.is_active}
    policy = notice_policy()
    chosen = {each.account_id: each.chosen() for each in Choice.objects.filter(account__in=told)}
    rows = [
        Notice(
            account=each, kind=kind, about=about, text=text, once=once,
            mail=mailed(kind, chosen.get(each.pk, policy.default), policy.always),
        )
        for each in told.values()
    ]  # fmt: skip
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    ways = {row.mail for row in rows}
    if "once" in ways:
        enqueue(SEND, {"once": once}, once=f"{SEND}:{once}")
    if ways - {""}:
        queue_digest()


def queue_digest() -> None:
    """Queue the next digest, in the caller's transaction; what could not be sent at once goes with it too."""
    due = next_digest(timezone.localtime(), notice_policy().hour)
    enqueue(DIGEST, {"until": due.isoformat()}, once=f"{DIGEST}:{due:%Y-%m-%d}", due=due)


def notices_of(person: Principal) -> QuerySet[Notice]:
    """Return what a person is told, newest first."""
    return Notice.objects.filter(account__username=person.username)


def choice_of(person: Principal) -> How:
    """Return how a person is told."""
    found = Choice.objects.filter(account__username=person.username).first()
    return found.chosen() if found else notice_policy().default


@transaction.atomic
def choose(how: How, actor: Principal) -> None:
    """Choose how one is told from now on. Who wants no e-mail is sent none that waits either, but for what is always.

    Raises
    ------
    Refused
        When there is no such way.
    """
    if how not in HOW:
        raise Refused("There is no such way to be told", where="how", todo="Choose one of those that are listed")
    account = Account.objects.get(username=actor.username)
    record("notices.choice_changed", actor=actor.username, subject=f"account:{actor.username}", data={"how": how})
    Choice.objects.update_or_create(account=account, defaults={"how": how})
    if how == "page":
        always = notice_policy().always & KINDS.keys()
        Notice.objects.filter(~Q(kind__in=always), account=account, sent=None).update(mail="")


def mark_read(found: QuerySet[Notice]) -> None:
    """Mark notices as read; when each was read first stays."""
    found.filter(read=None).update(read=timezone.now())
