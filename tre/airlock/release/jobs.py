"""The work on releases that waits in the queue."""

from __future__ import annotations

from typing import Any

from tre.airlock.release import deliveries, downloads
from tre.runs.queue import handler


@handler(deliveries.JOB)
def deliver(payload: dict[str, Any]) -> None:
    """Deliver one release to its target."""
    deliveries.deliver(payload["delivery"])


@handler(downloads.ENDS)
def ends(payload: dict[str, Any]) -> None:
    """Tell that a release can soon be taken no more."""
    downloads.tell_ends(payload["release"])
