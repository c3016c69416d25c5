"""What a frozen file looks like, read in the sandbox; what was shown lately is kept."""

from __future__ import annotations

from functools import lru_cache

from tre.airlock.storage import storage
from tre.disclosure.showing import Ask, Shown, show

_KEPT = 12  # answers: turning back a page does not read the file again


@lru_cache(maxsize=_KEPT)
def shown_of(sha256: str, ask: Ask) -> Shown:
    """Return what is asked to be shown of the bytes of this hash.

    Raises
    ------
    StorageBroken
        When these are no longer the bytes that are voted on.
    """
    kept = storage()
    for _ in kept.chunks(sha256):  # raises where these are no longer the bytes that are voted on
        pass
    return show(kept.path(sha256), ask)
