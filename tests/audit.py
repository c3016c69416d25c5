"""The audit log proved whole: what holds of it after whatever was done to the processes that write it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tre.audit import checkpoints
from tre.audit.checkpoints import kept_sizes
from tre.audit.proofs import Prover, earlier_checkpoint
from tre.audit.verification import verify_checkpoints
from tre.config.options import load


def keep_checkpoints_in(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have checkpoints written into a folder of the test's own, and return it."""
    made = load().model_copy(update={"audit_checkpoints": folder})
    monkeypatch.setattr(checkpoints, "load", lambda: made)
    return folder


def every_proof() -> tuple[int, int]:
    """Verify the log, prove each entry that is covered and that the log continues each checkpoint; return how many.

    Raises
    ------
    AuditBroken
        When one does not hold.
    """
    verify_checkpoints()
    sizes = kept_sizes()  # before the newest is read: the platform may be writing
    prover = Prover()
    for number in range(1, prover.covered + 1):
        prover.prove(number)
    for size in sizes:
        assert prover.continues(earlier_checkpoint(load().checkpoints / f"checkpoint-{size:012d}.json")) == size
    return prover.covered, len(sizes)
