"""The jobs that land submissions and build the warehouse. Safe to run again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tre.catalogue.models import Submission, WarehouseBuild
from tre.catalogue.services import BUILD_KEYS, inputs, write_build, write_submission
from tre.config.options import REPOSITORY, load
from tre.keys.custody import Keystore, custody
from tre.keys.filters import filters_folder
from tre.runs.queue import handler
from tre.runs.runner import run_job

Say = Callable[[str], None]
CONTRACTS = REPOSITORY / "policies" / "contracts"


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
    if WarehouseBuild.objects.filter(inputs=digest).exists():
        return
    options, keys = load(), custody()
    truth = options.path("truth")
    result = run_job(
        "build",
        {
            "landing": str(options.path("landing")),
            "warehouse": str(options.path("warehouse")),
            "filters": str(filters_folder(keys.generation("exact-match"))),
            "generation": keys.generation("warehouse-pseudonym"),
            "contracts": str(CONTRACTS),
            # Ground truth exists for the synthetic health system alone; it measures linkage and is never linked by.
            "truth": str(truth) if options.demonstration and truth.is_dir() else None,
            "as_of": None,
        },
        _keys(keys),
        progress=progress,
    )
    write_build(result, digest, payload["by"])


def _keys(keys: Keystore) -> dict[str, bytes]:
    """Return the newest keys, and the earlier generations under which opt-outs are published as well."""
    purpose = "warehouse-pseudonym"
    earlier = range(1, keys.generation(purpose))
    return {each: keys.derive(each) for each in BUILD_KEYS} | {
        f"{purpose}.{generation}": keys.derive(purpose, generation=generation) for generation in earlier
    }
