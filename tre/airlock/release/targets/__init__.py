"""Delivery of a release to a place outside: one port, and a module for each kind of place.

A target takes a whole release, checks each file's bytes on their way, and says where it put them. Taken again, it finds
what is there already and changes nothing; it never puts a release in the place of other bytes.
"""

from __future__ import annotations

from tre.airlock.release.targets.folder import FolderTarget
from tre.airlock.release.targets.git import GitTarget
from tre.airlock.release.targets.objects import ObjectTarget
from tre.airlock.release.targets.port import DeliveryFailed, Parcel, Receipt, Target
from tre.config.options import load
from tre.errors import Refused

__all__ = ["DeliveryFailed", "Parcel", "Receipt", "Target", "names", "target"]


def names() -> list[str]:
    """Return what the targets of the settings are called."""
    return sorted(load().release_targets)


def target(name: str) -> Target:
    """Return the target of a name.

    Raises
    ------
    Refused
        When the settings name none so: nothing goes anywhere that the operator has not named.
    """
    told = load().release_targets.get(name)
    if told is None:
        raise Refused("The settings name no such target", where=name, todo="Choose one that TRE_RELEASE_TARGETS names")
    if told.kind == "folder":
        return FolderTarget(told)
    return GitTarget(told, load().mail_from) if told.kind == "git" else ObjectTarget(told)
