"""Rotating keys, with its entry in the audit log."""

from __future__ import annotations

from django.db import transaction

from tre.audit.services import record
from tre.keys.custody import custody


@transaction.atomic
def rotate(purpose: str, actor: str) -> int:
    """Make a new generation of a purpose's key and return its number.

    What is built or provisioned from then on is under the new one; what was made before stays valid under its own.

    Raises
    ------
    KeyCustodyError
        When the purpose is unknown or its key must stay.
    """
    made = custody().rotate(purpose)
    record(
        "keys.rotated",
        actor=actor,
        subject=f"key:{purpose}",
        data={"generation": made},
        once=f"keys.rotated:{purpose}:{made}",
    )
    return made
