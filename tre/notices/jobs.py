"""Sending what was told. Run again after it was cut off, it sends what is not marked as sent.

A worker that dies between sending and marking sends that one again, under the same Message-ID: no mail server can do
both at once with our database.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException
from typing import Any

from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from tre.errors import TreError
from tre.notices import mails
from tre.notices.models import Notice
from tre.notices.services import DIGEST, SEND, queue_digest
from tre.people.models import Account
from tre.runs.queue import handler

_UNSENT_FOR = timedelta(hours=1)  # then what should have gone at once goes with the digest
_log = logging.getLogger("tre.notices")


class NotSent(TreError):
    """Some e-mails could not be sent; the job is tried again."""


@handler(SEND)
def send(payload: dict[str, Any]) -> None:
    """Send what was told of one happening to those who are told at once.

    Raises
    ------
    NotSent
        When some could not be sent.
    """
    waiting = _unsent().filter(once=payload["once"], mail="once")
    _check_all_sent(_send((mails.single(each), [each]) for each in waiting))


@handler(DIGEST)
def digest(payload: dict[str, Any]) -> None:
    """Send everybody what they were told until the digest's moment and were not sent yet, in one e-mail each.

    Raises
    ------
    NotSent
        When some could not be sent: those go with the next digest.
    """
    until = datetime.fromisoformat(payload["until"])
    waiting = _unsent().filter(Q(mail="daily", at__lt=until) | Q(mail="once", at__lt=until - _UNSENT_FOR))
    by_account: dict[Account, list[Notice]] = {}
    for each in waiting.order_by("account", "id"):
        by_account.setdefault(each.account, []).append(each)
    day = f"{until:%Y-%m-%d}"
    failed = _send((mails.digest(who, held, day), held) for who, held in by_account.items())
    if failed:
        with transaction.atomic():
            queue_digest()
    _check_all_sent(failed)


def _unsent() -> QuerySet[Notice]:
    """Return what waits to be sent, to those who can sign in and have an address."""
    waiting = Notice.objects.filter(sent=None, account__is_active=True).exclude(mail="").exclude(account__email="")
    return waiting.select_related("account").order_by("id")


def _send(made: Iterable[tuple[EmailMultiAlternatives, Sequence[Notice]]]) -> int:
    """Send e-mails by one connection, mark what each told, and return how many the mail server did not take."""
    waiting, connection = list(made), get_connection()
    if not waiting or not _done(connection.open):
        return len(waiting)
    failed = 0
    for mail, notices in waiting:
        mail.connection = connection
        if _done(mail.send):
            Notice.objects.filter(pk__in=[each.pk for each in notices], sent=None).update(sent=timezone.now())
        else:
            failed += 1
    connection.close()
    return failed


def _done(act: Callable[[], object]) -> bool:
    """Do something with the mail server, and return whether it let itself be done."""
    try:
        act()
    except (SMTPException, OSError) as error:  # its words may hold an address: its kind is enough
        _log.warning("an e-mail could not be sent: %s", type(error).__name__)
        return False
    return True


def _check_all_sent(failed: int) -> None:
    if failed:
        raise NotSent(f"{failed} e-mails could not be sent", where="mail server", todo="Look whether it can be reached")
