"""A bar while Spark works, taken away when it has done."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

_SHOWN_AFTER_SECONDS = 1.0
_BETWEEN_SECONDS = 0.25


class Progress:
    """What Spark Connect tells of each query while it runs: see ``SparkSession.registerProgressHandler``."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._shown: dict[str, Any] = {}
        self._last = 0.0

    def tell(self, stages: Iterable[Any] | None, inflight_tasks: int, operation_id: str | None, done: bool) -> None:
        """Show how many tasks are done, of a query that takes longer than a second."""
        number, now = operation_id or "", time.monotonic()
        if done:
            self._began.pop(number, None)
            shown = self._shown.pop(number, None)
            if shown is not None:
                shown.update(Bar(1, 1))
            return
        began = self._began.setdefault(number, now)
        if now - began < _SHOWN_AFTER_SECONDS or now - self._last < _BETWEEN_SECONDS:
            return
        self._last = now
        told = list(stages or ())
        bar = Bar(sum(each.num_completed_tasks for each in told), sum(each.num_tasks for each in told))
        if number in self._shown:
            self._shown[number].update(bar)
        else:
            from IPython.display import display

            self._shown[number] = display(bar, display_id=True)  # None outside a notebook
            if self._shown[number] is None:
                del self._shown[number]


class Bar:
    """How far a query is: tasks done, of so many known so far."""

    def __init__(self, done: int, known: int) -> None:
        self.done, self.known = done, known

    def __repr__(self) -> str:
        return f"Spark: {self.done} of {self.known} tasks" if self.done < self.known else ""

    def _repr_html_(self) -> str:
        if self.done >= self.known:
            return "<span></span>"
        return (
            f'<label>Spark: {self.done} of {self.known} tasks <progress max="{self.known}" value="{self.done}">'
            "</progress></label>"
        )
