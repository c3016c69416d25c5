"""Shows one doubtful pair of the clerical-review queue, masked. Runs in the landing zone alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spark_jobs.linkage import review


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Return the pair's two records, masked, by field, and what the model made of each field.

    Parameters
    ----------
    spec : dict
        ``landing`` (folder) and ``pair`` (its opaque name).

    Raises
    ------
    JobRefused
        When there is no such pair.
    """
    return review.masked(str(spec["pair"]), Path(spec["landing"]) / "review")
