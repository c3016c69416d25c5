"""Which exact-match filters go with which key: a generation's filters lie in a folder of their own.

Between a rotation and the next build the airlock asks the filters of the earlier generation, under its key: asked
under another key they would answer that nothing is held.
"""

from __future__ import annotations

from pathlib import Path

from tre.config.options import load
from tre.keys.custody import custody

_PURPOSE = "exact-match"


def filters_folder(generation: int) -> Path:
    """Return where the filters of a generation lie."""
    return load().path("airlock", "filters" if generation == 1 else f"filters.{generation}")


def newest_filters() -> tuple[Path, bytes] | None:
    """Return the newest filters that were built and the key to ask them with, or None when there are none."""
    for generation in range(custody().generation(_PURPOSE), 0, -1):
        if filters_folder(generation).is_dir():
            return filters_folder(generation), custody().derive(_PURPOSE, generation=generation)
    return None
