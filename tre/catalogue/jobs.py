"""The jobs that land submissions and build the warehouse. Safe to run again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tre.catalogue.models import Submission, WarehouseBuild
from tre.catalogue.quality import unmeasured
from tre.catalogue.reports import write_reports
from tre.catalogue.services import inputs, write_build, write_submission
from tre.config.options import REPOSITORY, load
from tre.keys.custody import custody
from tre.runs.queue import handler
from tre.runs.runner import run_job

Say = Callable[[str], None]
CONTRACTS = REPOSITORY / "policies" / "contracts"
QUALITY = REPOSITORY / "policies" / "quality.yaml"


def land(source: Path, by: str, progress: Say | None = None) -> Submission:
    """Land one submission: accepted whole, or refused whole.

    Parameters
    ----------
    source : Path
        The provider's outbox: a folder with ``manifest.json`` and the files that it names.

    Raises
    ------
    JobRefused
        Saying which file, row and field is wrong.
    """
    spec = {"source": str(source), "landing": str(load().path("landing")), "contracts": str(CONTRACTS)}
    return write_submission(run_job("land", spec, progress=progress), by)


@handler("catalogue.build")
def build(payload: dict[str, Any], progress: Say | None = None) -> None:
    """Build the warehouse from everything that has landed, unless that was done."""
    digest = inputs()
    options, keys = load(), custody()
    if built := WarehouseBuild.objects.filter(inputs=digest).first():
        write_reports(built, options.path("landing", "feedback"))  # the run that built it may have died before
        return
    truth = options.path("truth")
    result = run_job(
        "build",
        {
            "landing": str(options.path("landing")),
            "warehouse": str(options.path("warehouse")),
            "filters": str(options.path("airlock", "filters")),
            "contracts": str(CONTRACTS),
            "quality": str(QUALITY),
            "unmeasured": unmeasured(),
            # Ground truth exists for the synthetic health system alone; it measures linkage and is never linked by.
            "truth": str(truth) if options.demonstration and truth.is_dir() else None,
            "as_of": None,
        },
        {purpose: keys.derive(purpose) for purpose in ("warehouse-pseudonym", "exact-match")},
        progress=progress,
    )
    built = write_build(result, digest, payload["by"])
    write_reports(built, options.path("landing", "feedback"))
