"""The examination of files within the process that reads them: what it looks with is loaded once, for one or many."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from tre.disclosure.detectors.watch import Sight
from tre.disclosure.engine import examine
from tre.disclosure.model import Context
from tre.disclosure.policy import Policy
from tre.disclosure.source import Source
from tre.disclosure.statistics.published import Published

# A table of counts, words and code of our own: what most files need is loaded by them, dictionaries and patterns too.
_ROWS = "".join(f"{60 + n} to {61 + n},{2000 + n},{1000 + 10 * n}\n" for n in range(40))
_OWN = {
    "a.csv": f"age_band,year,persons\n{_ROWS}".encode(),
    "a.txt": b"Counts by age band and year. None is under ten.\n",
    "a.py": b"def risk(age):\n    return 0.01 * age\n",
}


class Examiner:
    """What files are examined with, in one context."""

    def __init__(self, policy: Policy, context: Context) -> None:
        self._policy = policy
        self._sight = Sight.of(policy.tightened(context.overrides), context)

    def load(self) -> None:
        """Have everything loaded that most files need."""
        for name, own in _OWN.items():
            self._examined(Source.of(own), name)

    def answer(self, path: Path, name: str) -> dict[str, Any]:
        """Return a file's type, what was met in it and the counts that it tells, as JSON's values."""
        return self._examined(Source.at(path), name)

    def _examined(self, source: Source, name: str) -> dict[str, Any]:
        published = Published(self._policy.limits["published_counts"])
        kind, hits = examine(source, self._sight, name=name, published=published)
        tables = [each.to_json() for each in published.tables]
        return {"type": kind, "hits": [asdict(hit) for hit in hits], "tables": tables}
