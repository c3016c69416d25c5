"""A submission's report for its provider: exact counts of what it sent itself, and never a value.

The files lie in landing, ``feedback/PROVIDER/SUBMISSION``; the pages give the same bytes to the data manager.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterator
from pathlib import Path

from django.template.loader import render_to_string

from tre.catalogue.models import Submission, WarehouseBuild

_COLUMNS = ("dataset", "file", "field", "what", "rows", "of")
_CHUNK = 200


def rows(submission: Submission) -> Iterator[tuple[str, str, str, str, int, int]]:
    """Yield the report's lines: faults first, then each measure, as dataset, file, field, what, rows and of how many.

    The rows of the dataset, of which a fault is told, are what its uniqueness was asked of.
    """
    measures = list(submission.measures.all())
    sent = {each.dataset: each.denominator for each in measures if each.dimension == "uniqueness"}
    for fault in submission.faults.all():
        # Rows of a dataset that were never measured are at least those with a fault.
        whole = max(sent.get(fault.dataset, 0), fault.rows)
        yield fault.dataset, fault.file, fault.field, fault.fault, fault.rows, whole
    for each in sorted(measures, key=lambda measure: (measure.dataset, measure.dimension, measure.field)):
        yield each.dataset, "", each.field, each.dimension, each.numerator, each.denominator


def as_csv(submission: Submission) -> str:
    """Return the report as CSV (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(_COLUMNS)
    writer.writerows(rows(submission))
    return out.getvalue()


def as_html(submission: Submission) -> str:
    """Return the report as one page that needs nothing else."""
    faults = submission.faults.all()
    measures = sorted(submission.measures.all(), key=lambda each: (each.dataset, each.dimension, each.field))
    told = {"submission": submission, "faults": faults, "measures": measures}
    return render_to_string("catalogue/report.html", told)


def write_reports(build: WarehouseBuild, folder: Path) -> int:
    """Write the reports of the submissions that a build measured, and return how many those are.

    Parameters
    ----------
    folder : Path
        Receives ``PROVIDER/SUBMISSION/report.csv`` and ``report.html``. Written again, they are the same.
    """
    measured = Submission.objects.filter(pk__in=build.measures.values("submission")).order_by("pk")
    written = 0
    for submission in measured.prefetch_related("measures", "faults").iterator(chunk_size=_CHUNK):
        own = folder / submission.provider / submission.identity
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, text in (("report.csv", as_csv(submission)), ("report.html", as_html(submission))):
            staged = own / f".{name}.part"
            staged.write_text(text, encoding="utf-8", newline="")
            os.replace(staged, own / name)
        written += 1
    return written
