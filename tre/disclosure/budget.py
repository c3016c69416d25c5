"""What one inspection may spend in all, however deep its files lie within files: bytes unpacked, seconds of OCR.

A bound on each archive alone would let archives within archives multiply.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from tre.disclosure.contents import Unreadable
from tre.disclosure.policy import Policy


@dataclass
class Budget:
    """What is left: bytes that may still be unpacked, and seconds that optical recognition may still take."""

    unpacked_bytes: int
    ocr_seconds: float

    def unpack(self, size: int) -> None:
        """Spend the bytes of an unpacked part.

        Raises
        ------
        Unreadable
            There are more than are left.
        """
        self.unpacked_bytes -= size
        if self.unpacked_bytes < 0:
            raise Unreadable("it unpacks to more than inspection reads", rule="too-big")


_current: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def one_budget(policy: Policy) -> Iterator[None]:
    """Let all that is read in this block spend from one budget."""
    mark = _current.set(Budget(policy.limits["unpacked_bytes"], policy.limits["ocr_seconds"]))
    try:
        yield
    finally:
        _current.reset(mark)


def budget_of(policy: Policy) -> Budget:
    """Return this inspection's budget, or a fresh one where a reader is used alone."""
    return _current.get() or Budget(policy.limits["unpacked_bytes"], policy.limits["ocr_seconds"])
