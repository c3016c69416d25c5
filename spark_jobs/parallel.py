"""Does the same for several datasets at once: what Spark plans for one, it can plan while another's tasks run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")

_MOST_AT_ONCE = 4  # each plans on the driver, and what each shuffles and writes shares the executors' memory


def each(action: Callable[[Given], Made], things: Iterable[Given]) -> list[Made]:
    """Return what the action makes of each thing, in the things' order.

    Raises
    ------
    Exception
        The first error, by the things' order. Those that had begun are waited for; the others never begin.
    """
    pool = ThreadPoolExecutor(max_workers=min(_MOST_AT_ONCE, max(2, os.cpu_count() or 1)))
    try:
        futures = [pool.submit(action, thing) for thing in things]
        return [future.result() for future in futures]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
