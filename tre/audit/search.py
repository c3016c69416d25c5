"""Searches the log by the numbers of its entries: a page costs the same at the end of ten million as at the start.

A page is found from the number before it, never by counting what lies before. What one index finds is looked through
for the rest, so many entries at a time: a rare word far back takes another step, never a long wait.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta

from django.db.models import DateTimeField, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from tre.audit.models import Entry
from tre.audit.rows import readable
from tre.errors import Missing

PAGE = 50
MOST = 2**63 - 1  # the largest number that the database holds
LOOKED_THROUGH = 100_000  # entries that one step looks through, some tenths of a second
_EXPORTED = 2_000  # entries of an export that are held at a time
_INDEXED = ("subject", "actor", "event")  # the one that finds fewest first
# Times follow numbers, but a clock may be set back: who searches by time is shown what lies this far out of order.
_CLOCK_SET_BACK = timedelta(hours=1)


@dataclass(frozen=True)
class Search:
    """What is searched for; what is empty or None is not asked. Days are those of the platform's time zone."""

    words: str = ""
    event: str = ""
    actor: str = ""
    subject: str = ""
    since: date | None = None
    until: date | None = None

    def asks(self) -> bool:
        """Return whether it asks for anything."""
        return any(getattr(self, each.name) for each in fields(self))


@dataclass(frozen=True)
class Found:
    """A page of what was found, newest first, and the numbers from which the pages beside it are found."""

    entries: list[Entry]
    older: int | None = None
    newer: int | None = None


def entry_of(number: int) -> Entry:
    """Return an entry by its number.

    Raises
    ------
    Missing
        When there is none.
    """
    with readable(number):
        found = Entry.objects.filter(number=min(number, MOST)).first()
    if found is None:
        raise Missing("The log has no such entry", where=f"entry {number}")
    return found


def page(search: Search, before: int | None = None, after: int | None = None) -> Found:
    """Return the newest entries that are searched for, or those before a number, or the oldest ones after it."""
    if after is not None:
        entries, newer = _look(search, after, PAGE, up=True)
        entries.reverse()
        return Found(entries, entries[-1].number if entries else after + 1, newer)
    entries, older = _look(search, before, PAGE, up=False)
    newer = None if before is None else entries[0].number if entries else before - 1
    return Found(entries, older, newer)


def every(search: Search) -> Iterator[list[Entry]]:
    """Yield all entries that are searched for, oldest first, some thousands at a time."""
    place: int | None = 0
    while place is not None:
        entries, place = _look(search, place, _EXPORTED, up=True)
        yield entries


def _look(search: Search, place: int | None, most: int, *, up: bool) -> tuple[list[Entry], int | None]:
    """Return what is found from a place on, upwards or downwards, and the place to go on from; None at the end."""
    order = "number" if up else "-number"
    candidates = _candidates(search).order_by(order)
    if place is not None:
        candidates = candidates.filter(Q(number__gt=place) if up else Q(number__lt=place))
    rest = _rest(search)
    if rest:
        found = _unindexed().filter(rest, number__in=candidates.values("number")[:LOOKED_THROUGH]).order_by(order)
    else:
        found = candidates
    with readable(place or 0):
        entries = list(found[: most + 1])
    if len(entries) > most:
        return entries[:most], entries[most - 1].number
    if not rest:
        return entries, None
    edge = candidates.values_list("number", flat=True)[LOOKED_THROUGH - 1 : LOOKED_THROUGH + 1]
    return entries, edge[0] if len(edge) == 2 else None


def _candidates(search: Search) -> QuerySet[Entry]:
    """Return what one index finds, within the numbers of the times that are searched for."""
    entries = Entry.objects.all()
    name = _index(search)
    if name:
        entries = entries.filter(**{name: getattr(search, name)})
    since, until = _times(search)
    if since:
        first = _first_from(since - _CLOCK_SET_BACK)
        entries = entries.none() if first is None else entries.filter(number__gte=first)
    if until and (last := _first_from(until + _CLOCK_SET_BACK)) is not None:
        entries = entries.filter(number__lt=last)
    return entries


def _index(search: Search) -> str:
    return next((name for name in _INDEXED if getattr(search, name)), "")


def _first_from(moment: datetime) -> int | None:
    return Entry.objects.filter(at__gte=moment).order_by("at").values_list("number", flat=True).first()


def _times(search: Search) -> tuple[datetime | None, datetime | None]:
    """Return the first moment of the first day, and the first after the last day."""
    since, until = search.since, search.until
    return (
        timezone.make_aware(datetime.combine(since, time.min)) if since else None,
        timezone.make_aware(datetime.combine(until, time.min)) + timedelta(days=1) if until else None,
    )


def _unindexed() -> QuerySet[Entry]:
    """Return entries by columns that no index fits: else the database would look through far more than it was given."""
    return Entry.objects.annotate(
        moment=Coalesce("at", "at", output_field=DateTimeField()),
        **{f"its_{name}": Coalesce(name, Value("")) for name in _INDEXED},
        text=Cast("data", TextField()),
    )


def _rest(search: Search) -> Q:
    """Return what the index did not ask."""
    since, until = _times(search)
    rest = Q(moment__gte=since) if since else Q()
    rest &= Q(moment__lt=until) if until else Q()
    for name in _INDEXED:
        if getattr(search, name) and name != _index(search):
            rest &= Q(**{f"its_{name}": getattr(search, name)})
    for word in search.words.split():
        escaped = json.dumps(word)[1:-1]  # as SQLite keeps it; PostgreSQL keeps letters as they are
        rest &= (
            Q(event__icontains=word)
            | Q(actor__icontains=word)
            | Q(subject__icontains=word)
            | Q(text__icontains=word)
            | Q(text__icontains=escaped)
        )
    return rest
