"""Live checks of the software: whether what runs is what was tried."""

from __future__ import annotations

from tre.evidence.domain import Found, judged, met, not_shown
from tre.evidence.installation import Installation
from tre.evidence.software import LOCK, differing, locked
from tre.workspace import packages


def as_tested(here: Installation) -> Found:
    """Hold every installed package to the version, in the lock, that the tests ran with."""
    if not LOCK.exists():
        return not_shown("The lock of tested versions is not beside the code")
    wanted, found = locked(), here.software
    there = sum(each.name in wanted for each in found)
    return judged(
        differing(found, wanted),
        f"{there} packages are installed in the very versions that the tests ran with, by their hashes in the lock. "
        "That this release was tried on the operator's own test system first is the operator's to show",
    )


def packages_controlled(here: Installation) -> Found:
    """List what workspaces may install."""
    return met(
        f"A workspace installs from one folder alone, into which {len(packages.accepted())} packages were accepted by "
        "name after inspection; it reaches no index"
    )
