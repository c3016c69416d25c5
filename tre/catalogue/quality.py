"""Keeping the measures of quality, and reading them back for the pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.timezone import localtime

from tre.catalogue.models import Fault, QualityMeasure, Submission, WarehouseBuild
from tre.catalogue.suppression import share

MOST_POINTS = 60  # of one plot: five years of monthly builds
_BATCH = 2000


@dataclass(frozen=True)
class Series:
    """One dimension's shares over time, of a dataset or of one of its fields."""

    dimension: str
    points: tuple[tuple[datetime, float | None], ...]

    @property
    def newest(self) -> float | None:
        """Return the newest share in per cent, or None when it may not be shown."""
        return self.points[-1][1]


def unmeasured() -> list[str]:
    """Return the submissions whose quality was never measured."""
    return list(Submission.objects.filter(measures=None).order_by("identity").values_list("identity", flat=True))


def write_quality(
    build: WarehouseBuild, measures: Iterable[Mapping[str, Any]], faults: Iterable[Mapping[str, Any]]
) -> int:
    """Keep what a build measured, in the caller's transaction, and return how many measures that were.

    Parameters
    ----------
    measures : iterable of mapping
        ``dataset``, ``submission`` (empty for the whole dataset), ``field``, ``dimension``, ``numerator`` and
        ``denominator``.
    faults : iterable of mapping
        ``submission``, ``dataset``, ``file``, ``field``, ``fault`` and ``rows``.
    """
    numbers = dict(Submission.objects.values_list("identity", "pk"))
    kept = [
        QualityMeasure(build=build, submission_id=numbers[each["submission"]] if each["submission"] else None,
                       **{name: each[name] for name in ("dataset", "field", "dimension", "numerator", "denominator")})
        for each in measures
    ]  # fmt: skip
    QualityMeasure.objects.bulk_create(kept, batch_size=_BATCH)
    Fault.objects.bulk_create(
        (Fault(submission_id=numbers[each["submission"]],
               **{name: each[name] for name in ("dataset", "file", "field", "fault", "rows")})
         for each in faults),
        batch_size=_BATCH,
    )  # fmt: skip
    return len(kept)


def series(dataset: str, field: str = "") -> list[Series]:
    """Return the shares of a dataset (or of one field of it) over its builds, by dimension, oldest first."""
    rows = QualityMeasure.objects.filter(dataset=dataset, field=field, submission=None).order_by("-at", "-pk")
    most = MOST_POINTS * len(QualityMeasure.Dimension)
    points: dict[str, list[tuple[datetime, float | None]]] = {}
    for dimension, at, numerator, denominator in rows.values_list("dimension", "at", "numerator", "denominator")[:most]:
        found = points.setdefault(dimension, [])
        if len(found) < MOST_POINTS:
            found.append((localtime(at), _share(dimension, numerator, denominator)))
    return [Series(name, tuple(reversed(points[name]))) for name in QualityMeasure.Dimension.values if name in points]


def newest_of_fields(dataset: str) -> dict[str, dict[str, float | None]]:
    """Return each field's newest shares by dimension."""
    newest = QualityMeasure.objects.filter(dataset=dataset, submission=None).order_by("-build_id").values("build_id")
    rows = QualityMeasure.objects.filter(dataset=dataset, submission=None, build_id=newest[:1]).exclude(field="")
    found: dict[str, dict[str, float | None]] = {}
    for field, dimension, numerator, denominator in rows.values_list("field", "dimension", "numerator", "denominator"):
        found.setdefault(field, {})[dimension] = _share(dimension, numerator, denominator)
    return found


def _share(dimension: str, numerator: int, denominator: int) -> float | None:
    """Return the share that a page may show. Timeliness counts submissions, which are no persons."""
    if dimension == QualityMeasure.Dimension.TIMELINESS:
        return round(100 * numerator / denominator, 1) if denominator else None
    return share(numerator, denominator)


def in_words(measure: QualityMeasure) -> str:
    """Return a measure as a page may tell it."""
    found = _share(measure.dimension, measure.numerator, measure.denominator)
    return "not shown" if found is None else f"{found:g}%"
