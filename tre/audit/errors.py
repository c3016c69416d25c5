"""What can be wrong with the audit log."""

from __future__ import annotations

from tre.errors import TreError


class AuditBroken(TreError):
    """The log is not what was written: `number` is the first entry that proves it."""

    def __init__(self, what: str, number: int) -> None:
        self.number = number
        super().__init__(what, where=f"audit entry {number}", todo="Stop work and compare with the last checkpoint")


class CheckpointsUnwritable(TreError):
    """A checkpoint could not be kept; the log itself is as it was."""


class OutsideTransaction(RuntimeError):
    """An entry was recorded outside the transaction of the change it speaks of: a bug, never a person's doing."""
