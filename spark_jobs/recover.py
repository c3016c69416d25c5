"""Finishes what landing had taken in when its process ended before the control plane wrote it down."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from spark_jobs import landed


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Take back what was half landed, and tell what landed whole and is not recorded.

    Parameters
    ----------
    spec : dict
        ``landing`` (folder) and ``recorded`` (the names of the submissions that the control plane knows).

    Returns
    -------
    dict
        ``landed``: the receipts to record, in the order of landing.
    """
    found = landed.recover(Path(spec["landing"]), set(spec["recorded"]))
    return {"landed": [each.to_json() for each in found]}
