"""Who is counted in the tables that the platform made itself: what a request isolates beside what was let out, exactly.

The members of each cell that a run's table shows lie in the airlock's own store, as compressed bitmaps of keyed
identities (:mod:`tre.disclosure.statistics.differencing`). Where both of two tables have them, nobody weighs how likely
a difference is: it is known whom it leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from tre.airlock.models import Publication
from tre.airlock.storage import StorageBroken, storage
from tre.disclosure import Finding
from tre.disclosure.model import DisclosureError, Hit
from tre.disclosure.policy import Policy
from tre.disclosure.statistics.differencing import Isolated, Release, isolated
from tre.disclosure.statistics.subtraction import SURE

_OWN = "this file"
_TOLD = 3  # cells that a finding names


def isolating(
    new: Publication, earlier: Iterable[tuple[str, Publication]], policy: Policy, threshold: int
) -> tuple[Finding, ...]:
    """Return what one file isolates by itself and beside others, a finding for each of these.

    Parameters
    ----------
    new : Publication
        With the members of its cells.
    earlier : iterable of (str, Publication)
        What was let out before, or stands beside it, each with its name and its members; read one at a time.
    threshold : int
        The least people that a difference may have.

    Raises
    ------
    StorageBroken
        Members were altered, or are missing.
    """
    mine = release_of(new, _OWN)
    together = 2 if len(mine.cells) <= policy.limits["union_cells"] else 1
    others = (release_of(each, name) for name, each in earlier)
    found: dict[str, list[Isolated]] = {}
    for each in isolated(mine, others, threshold, together=together):
        found.setdefault(_against(each), []).append(each)
    return tuple(policy.explain(_hit(name, differences)) for name, differences in found.items())


def release_of(publication: Publication, name: str) -> Release:
    """Return the members that were kept of a file, under a name of its own.

    Raises
    ------
    StorageBroken
        They were altered, or are missing.
    """
    content = b"".join(storage().chunks(publication.members))
    try:
        return replace(Release.from_bytes(content), name=name)
    except DisclosureError:
        raise StorageBroken(
            "The members of a file's cells are none", where=str(publication), todo="Stop and tell the auditor"
        ) from None


def _against(difference: Isolated) -> str:
    """Return the name of what a difference is with; empty where it lies within the file itself."""
    return next((name for name, _ in (*difference.whole, *difference.parts) if name != _OWN), "")


def _hit(against: str, differences: list[Isolated]) -> Hit:
    """Return differences in words: which of the file's own cells, never what another's are, nor by how many."""
    cells = sorted({cell for each in differences for name, cell in (*each.whole, *each.parts) if name == _OWN})
    more = f"; and {len(cells) - _TOLD} more cells" if len(cells) > _TOLD else ""
    beside = f", with {against}" if against else ", with each other"
    return Hit(SURE, "members", "", f"{'; '.join(cells[:_TOLD])}{more}{beside}", len(cells), against=against)
