"""What a target is given and gives back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from tre.airlock.release.bag import Payload
from tre.errors import TreError


class DeliveryFailed(TreError):
    """A release did not reach its target; it may be tried again."""


@dataclass(frozen=True)
class Parcel:
    """A release on its way.

    Parameters
    ----------
    folder : Path
        Where its files are.
    files : tuple of Payload
        Each with the SHA-256 that it must have, the crate's metadata file last: where that is, all of it is.
    """

    identity: str
    folder: Path
    files: tuple[Payload, ...]
    at: datetime


@dataclass(frozen=True)
class Receipt:
    """Where a release was put, and the commit that holds it, where there are commits."""

    place: str
    revision: str = ""


class Target(Protocol):
    """A place that releases go to."""

    def deliver(self, parcel: Parcel) -> Receipt:
        """Put a release there, or find that it is there.

        Raises
        ------
        DeliveryFailed
            When it cannot be reached, or other bytes stand where the release belongs.
        StorageBroken
            When a file is not what was reviewed.
        """
        ...


def in_the_way(where: str) -> DeliveryFailed:
    """Return the error of a target that holds something else where a release belongs."""
    return DeliveryFailed("Other bytes stand where the release belongs", where=where, todo="Look who put them there")
