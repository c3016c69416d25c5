"""The log's entries read in order, quickly: as the database keeps them, some thousands at a time, found by number.

Django's objects would cost more than the hashing. No transaction is held, so that nobody who writes has to wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol

from django.db import connection

from tre.audit.domain import canonical, moment_text
from tre.audit.errors import AuditBroken
from tre.audit.models import Subtree

_CHUNK = 4000
_WITH_MICROSECONDS = len("2026-07-01 09:30:00.000005")
_DECODE = json.JSONDecoder().decode


class Hashable(Protocol):
    """What is hashed of an entry, whichever way it was read."""

    @property
    def number(self) -> int: ...  # noqa: D102
    @property
    def at(self) -> datetime | str: ...  # noqa: D102
    @property
    def event(self) -> str: ...  # noqa: D102
    @property
    def actor(self) -> str: ...  # noqa: D102
    @property
    def subject(self) -> str: ...  # noqa: D102
    @property
    def data(self) -> Mapping[str, Any]: ...  # noqa: D102
    @property
    def once(self) -> str | None: ...  # noqa: D102
    @property
    def previous(self) -> str: ...  # noqa: D102


class Row(NamedTuple):
    """One entry of the log; its moment as it is hashed."""

    number: int
    at: str
    event: str
    actor: str
    subject: str
    data: dict[str, Any]
    once: str | None
    previous: str
    leaf: str

    def hashed(self) -> bytes:
        """Return what of it is hashed."""
        return hashed(self)


def hashed(entry: Hashable) -> bytes:
    """Return what of an entry is hashed: all of it but its own hash."""
    return canonical(
        number=entry.number,
        at=entry.at,
        event=entry.event,
        actor=entry.actor,
        subject=entry.subject,
        data={"once": entry.once, **entry.data} if entry.once else entry.data,
        previous=entry.previous,
    )


def chunks(first: int, last: int) -> Iterator[tuple[list[Row], dict[int, str]]]:
    """Yield the entries of a range of numbers, both ends with it, and the subtrees' roots that are kept among them.

    Raises
    ------
    AuditBroken
        At an entry that cannot be read as one.
    """
    while first <= last:
        until = min(first + _CHUNK - 1, last)
        rows = _read(first, until)
        kept = Subtree.objects.filter(end__gte=first, end__lte=until)
        yield rows, dict(kept.values_list("end", "root"))
        first = until + 1


def _read(first: int, last: int) -> list[Row]:
    # Without a declared type SQLite gives the time as its text: Django's own converter takes longer than the hash.
    at = "at || ''" if connection.vendor == "sqlite" else "at"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT number, {at}, event, actor, subject, data, once, previous, leaf "  # noqa: S608 - our own words
            "FROM audit_entry WHERE number BETWEEN %s AND %s ORDER BY number",
            [first, last],
        )
        found = cursor.fetchall()
    return [_row(each) for each in found]


def _row(kept: tuple[Any, ...]) -> Row:
    number, at, event, actor, subject, data, once, previous, leaf = kept
    try:
        told = _DECODE(data)
        if not isinstance(told, dict):
            raise ValueError("no object")
        return Row(number, _moment(at), event, actor, subject, told, once, previous, leaf)
    except (TypeError, ValueError, RecursionError):
        raise AuditBroken("The entry is not what was written", number) from None


def _moment(at: datetime | str) -> str:
    """Return the moment as it is hashed; SQLite keeps it in UTC, and leaves out the zone and what is nought."""
    if isinstance(at, datetime):
        return moment_text(at)
    if len(at) == _WITH_MICROSECONDS and at[10] == " ":  # nearly all: anything else in it makes another hash
        return f"{at[:10]}T{at[11:]}+00:00"
    found = datetime.fromisoformat(at)
    return moment_text(found if found.tzinfo else found.replace(tzinfo=UTC))
