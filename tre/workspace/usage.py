"""What workspaces used: kept by month while they run, so that a kill loses at most one period, and added up in hours.

Two things are kept apart: what a workspace held (its size, for as long as it was open), by which quotas and cost go;
and what the kernel measured of it. The launcher tells the measure, outside the sandbox, as totals since its start: told
twice, nothing counts twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from tre.config.options import load
from tre.projects.models import Project
from tre.workspace.activity import TELL_SECONDS
from tre.workspace.limits import Used
from tre.workspace.models import Usage, WorkspaceSession

_PENNY = Decimal("0.01")
# A launcher that was killed with the whole machine told nothing more: it is not charged for the time until a restart.
_UNTOLD = timedelta(seconds=2 * TELL_SECONDS)


def month_of(moment: datetime) -> date:
    """Return the first day of the month that a moment lies in."""
    return timezone.localtime(moment).date().replace(day=1)


def begin(session: WorkspaceSession) -> None:
    """Begin the count of a workspace that is being opened, in the caller's transaction."""
    Usage.objects.create(session=session, month=month_of(session.opened), begins=session.opened, ends=session.opened)


def end(session: WorkspaceSession, moment: datetime) -> None:
    """End the count of a workspace that is being closed, in the caller's transaction."""
    _until(session, min(moment, session.told + _UNTOLD))


@transaction.atomic
def note_used(session: WorkspaceSession, used: Used, idle: timedelta) -> None:
    """Note what a launcher told: what its sandbox has used since it began, and for how long nobody has worked in it.

    Of a workspace that is closed the measure alone is taken: it is the last of it.
    """
    held = WorkspaceSession.objects.select_for_update().get(pk=session.pk)
    now = timezone.now()
    if held.closed is None:
        held.told, held.active = now, max(held.opened, now - idle)
        held.save(update_fields=["told", "active"])
    before = held.usage.aggregate(sum=Sum("processor_seconds"))["sum"] or 0.0
    row = _until(held, held.closed or now)
    row.processor_seconds += max(0.0, used.processor_seconds - before)
    row.memory_peak = max(row.memory_peak, used.memory_peak)
    row.save(update_fields=["processor_seconds", "memory_peak"])


def _until(session: WorkspaceSession, moment: datetime) -> Usage:
    """Carry a workspace's count on to a moment, month by month, and return the last month's row."""
    row = session.usage.order_by("-month").first()
    begins = row.begins if row else session.opened  # without a row it was opened before its use was counted
    carried = [
        Usage.objects.update_or_create(
            session=session, month=month, defaults={"ends": last}, create_defaults={"begins": first, "ends": last}
        )
        for month, first, last in split(begins, max(moment, row.ends if row else begins))
    ]
    return carried[-1][0]


def split(begins: datetime, ends: datetime) -> Iterator[tuple[date, datetime, datetime]]:
    """Yield the parts of a time by calendar month, each with its month's first day; at least one, that may be empty."""
    month = month_of(begins)
    while (over := _next(month)) < ends:
        yield month, begins, over
        month, begins = month_of(over), over
    yield month, begins, ends


def _next(month: date) -> datetime:
    """Return the moment at which a month is over."""
    return timezone.make_aware(datetime.combine((month + timedelta(days=32)).replace(day=1), datetime.min.time()))


def held_processor_hours(project: Project, month: date) -> float:
    """Return the processor-hours that a project's workspaces held in a month, as known so far."""
    rows = Usage.objects.select_related("session").filter(session__project=project, month=month)
    return sum(each.session.processors * _hours(each) for each in rows)


def _hours(row: Usage) -> float:
    return (row.ends - row.begins).total_seconds() / 3600


@dataclass(frozen=True)
class Line:
    """A month's use by one person, or by all together (an empty name), in whole hours.

    Parameters
    ----------
    processor_hours, gibibyte_hours : int
        What the workspaces held.
    measured_hours : int
        Of the processor-hours, those in which they computed.
    peak_megabytes : int
        The most memory of any one workspace.
    pounds : Decimal
        What was held, at the settings' prices.
    """

    month: date
    username: str
    processor_hours: int
    gibibyte_hours: int
    measured_hours: int
    peak_megabytes: int
    pounds: Decimal


def lines(project: Project, username: str | None = None) -> Sequence[Line]:
    """Return a project's use, the newest month first: all together, then person by person.

    Parameters
    ----------
    username : str, optional
        The one person whose own use is told beside the project's; None for everybody's.
    """
    rows = Usage.objects.select_related("session__account").filter(session__project=project)
    of: dict[tuple[date, str], list[Usage]] = {}
    for row in rows:
        of.setdefault((row.month, ""), []).append(row)
        if username is None or row.session.account.username == username:
            of.setdefault((row.month, row.session.account.username), []).append(row)
    ordered = sorted(of, key=lambda key: (-key[0].toordinal(), key[1]))
    return [_line(month, name, of[month, name]) for month, name in ordered]


def _line(month: date, username: str, rows: Iterable[Usage]) -> Line:
    rows = list(rows)
    processors = round(sum(each.session.processors * _hours(each) for each in rows))
    gibibytes = round(sum(each.session.megabytes / 1024 * _hours(each) for each in rows))
    measured = round(sum(each.processor_seconds for each in rows) / 3600)
    peak = max(each.memory_peak for each in rows) // (1024 * 1024)
    return Line(month, username, processors, gibibytes, measured, peak, cost(processors, gibibytes))


def cost(processor_hours: int, gibibyte_hours: int) -> Decimal:
    """Return what so many hours cost, in pounds and whole pence."""
    options = load()
    pounds = processor_hours * options.price_processor_hour + gibibyte_hours * options.price_gibibyte_hour
    return pounds.quantize(_PENNY, ROUND_HALF_UP)
