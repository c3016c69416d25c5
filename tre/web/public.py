"""The public page: what data is held, who uses it for what, what was released, and how to opt out. For everybody.

No count of people or of rows is told that is smaller than the profile of disclosure in force lets an output tell, and
each is rounded. Projects, agreements and releases are counted as they are: they are decisions, and nobody's data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.decorators import login_not_required
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from tre.airlock.models import Release
from tre.catalogue.contracts import Dataset, datasets
from tre.catalogue.metadata import load_metadata, title
from tre.catalogue.models import DatasetVersion, WarehouseBuild
from tre.catalogue.suppression import BASE, THRESHOLD, shown, told
from tre.config.options import load
from tre.disclosure.policy import load_policy
from tre.projects import register
from tre.projects.models import Agreement, Project
from tre.web.bars import Bars, bars

_MONTHS = 12


@dataclass(frozen=True)
class Bounds:
    """The least count that may be told here, and to what counts are rounded."""

    threshold: int
    base: int


@dataclass(frozen=True)
class Held:
    """One dataset: what it is, how many rows of it are held, of which years, and how many projects use it."""

    dataset: Dataset
    title: str
    rows: int | None
    told: str
    years: str
    projects: int


@dataclass(frozen=True)
class Use:
    """One project: the project, the datasets that it uses, and how often something of it was released."""

    project: Project
    datasets: tuple[str, ...]  # their titles
    releases: int


@require_safe
@login_not_required
def page(request: HttpRequest) -> HttpResponse:
    """Show what is held, used and released, as it is now."""
    limits, listed, uses = bounds(), held(), used()
    build = WarehouseBuild.objects.first()
    context = {
        "bounds": limits,
        "held": listed,
        "rows": _rows(listed),
        "uses": uses,
        "sectors": _sectors(each.project for each in uses),
        "released": _by_month(),
        "releases": sum(each.releases for each in uses),
        "opted_out": told(build.opted_out, limits.threshold, limits.base) if build else "",
        "contact": load_metadata().contact,
    }  # fmt: skip
    return render(request, "web/public.html", context)


def bounds() -> Bounds:
    """Return the profile's threshold and rounding, and never less than the catalogue's."""
    profile = load_policy().profile(load().disclosure_profile)
    return Bounds(max(THRESHOLD, profile.threshold), max(BASE, profile.round_base))


def held() -> list[Held]:
    """Return the datasets in the warehouse, each in its newest version, those with the most rows first."""
    limits, known = bounds(), datasets()
    newest = {each.dataset: each for each in DatasetVersion.objects.order_by("version")}
    using = dict(
        Agreement.objects.filter(project__status__in=Project.REGISTERED)
        .values_list("dataset")
        .annotate(number=Count("project"))
    )
    found = [
        Held(
            known[name],
            title(known[name]),
            shown(each.rows, limits.threshold, limits.base),
            told(each.rows, limits.threshold, limits.base),
            _years(each),
            using.get(name, 0),
        )
        for name, each in newest.items()
        if name in known
    ]
    return sorted(found, key=lambda each: (-(each.rows or 0), each.dataset.name))


def _rows(listed: Iterable[Held]) -> Bars:
    values = [(each.title, each.rows, each.told) for each in listed]
    return bars("rows", "Rows held by dataset", "Dataset", "Rows", values)


def _years(version: DatasetVersion) -> str:
    if version.first_year is None or version.last_year is None:
        return ""
    first, last = version.first_year, version.last_year
    return str(first) if first == last else f"{first} to {last}"


def used() -> list[Use]:
    """Return the projects of the public register, those of today first."""
    known = datasets()
    counted = dict(Release.objects.values_list("request__project").annotate(number=Count("pk")))
    found = [Use(each, _titles(each, known), counted.get(each.pk, 0)) for each in register.projects()]
    return sorted(found, key=lambda each: (each.project.status != Project.Status.APPROVED, each.project.code))


def _titles(project: Project, known: Mapping[str, Dataset]) -> tuple[str, ...]:
    names = [agreement.dataset for agreement in project.agreements.all()]
    return tuple(title(known[name]) if name in known else name for name in names)


def _sectors(projects: Iterable[Project]) -> Bars:
    counted = Counter(str(each.sector) for each in projects).most_common()
    values = [(sector, number, str(number)) for sector, number in counted]
    return bars("sectors", "Projects by the sector of who asked", "Sector", "Projects", values)


def _by_month() -> Bars:
    """Return the releases of the last twelve months, the months without one among them."""
    months = _last_months(timezone.localdate(), _MONTHS)
    moments = Release.objects.filter(at__date__gte=months[0]).values_list("at", flat=True)
    counted = Counter(timezone.localtime(each).date().replace(day=1) for each in moments)
    values = [(f"{each:%B %Y}", counted[each], str(counted[each])) for each in months]
    return bars("releases", "Releases by month", "Month", "Releases", values)


def _last_months(today: date, number: int) -> list[date]:
    """Return the first days of the last months, today's last."""
    last = today.year * 12 + today.month - 1
    return [date(each // 12, each % 12 + 1, 1) for each in range(last - number + 1, last + 1)]
