"""Whose a pseudonym is, without holding any: keyed digests of those that the warehouse and each project hold.

A pseudonym is 128 bits in base32 (:mod:`spark_jobs.pseudonymise`). Its first 60 bits tell it apart from every other, so
that one that was cut, or written in another way, is known as well. What is kept of each is the first 64 bits of its
HMAC-SHA-256 under the exact-match key, as :mod:`tre.disclosure.exact_match` keeps identifiers: sorted, one file for
each owner in the folder ``pseudonyms`` beside the filters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from tre.disclosure.exact_match import write_digests
from tre.disclosure.keyed import heads

FOLDER = "pseudonyms"
WAREHOUSE = "warehouse"
PREFIX = "pseudonym\0"  # of what is hashed: no other kind begins so
LENGTH = 12  # signs of base32 that are hashed: 60 bits
_OWNER = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")


def message(pseudonym: str) -> str:
    """Return what is hashed of a pseudonym: the kind, a zero byte and its first signs, in capitals.

    Raises
    ------
    ValueError
        It is too short to be told from others.
    """
    head = pseudonym.strip().upper()[:LENGTH]
    if len(head) < LENGTH:
        raise ValueError("a pseudonym has at least 12 signs")
    return PREFIX + head


def digest(key: bytes, pseudonym: str) -> int:
    """Return the first 8 bytes, big endian, of HMAC-SHA-256 over the pseudonym's message."""
    return int(_digests(key, [pseudonym])[0])


def owner_name(code: str) -> str:
    """Return a project's code as its filter is named."""
    return code.lower()


def digests(key: bytes, pseudonyms: Iterable[str]) -> np.ndarray:
    """Return the sorted, unique digests (uint64) of pseudonyms."""
    return np.unique(_digests(key, pseudonyms))


def _digests(key: bytes, pseudonyms: Iterable[str]) -> np.ndarray:
    return heads(key, (message(each).encode() for each in pseudonyms))


def filter_file(folder: Path, owner: str) -> Path:
    """Return where the filter of one owner lies, in a folder that is made.

    Parameters
    ----------
    folder : Path
        The folder of exact-match filters.
    owner : str
        :data:`WAREHOUSE` or a project, as :func:`owner_name` has it.

    Raises
    ------
    ValueError
        The owner is no name that a file may have.
    """
    if not _OWNER.fullmatch(owner):
        raise ValueError("an owner is named in small letters, digits and hyphens")
    (folder / FOLDER).mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / FOLDER / f"{owner}.npy"


def add_to_filter(folder: Path, owner: str, added: np.ndarray) -> Path:
    """Write an owner's filter with more digests in it: what an earlier extract held is known as well."""
    target = filter_file(folder, owner)
    held = np.load(target, allow_pickle=False) if target.is_file() else np.empty(0, dtype=np.uint64)
    joined = np.union1d(held, added)
    write_digests(target, [joined], joined.size)
    return target


class PseudonymFilters:
    """The filters of all owners, mapped into memory, with the key to ask them."""

    def __init__(self, held: dict[str, np.ndarray], key: bytes) -> None:
        self._held, self._key = held, key

    @classmethod
    def load(cls, folder: Path, key: bytes) -> PseudonymFilters:
        """Return the filters that lie in ``pseudonyms`` within the folder; there may be none."""
        files = sorted((folder / FOLDER).glob("[a-z0-9]*.npy"))
        return cls({path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in files}, key)

    @property
    def owners(self) -> tuple[str, ...]:
        """Whose pseudonyms there is a filter of."""
        return tuple(self._held)

    def owner_of(self, tokens: Sequence[str]) -> list[str]:
        """Return for each token whose pseudonym it begins as, or an empty string."""
        found = [""] * len(tokens)
        long = [n for n, token in enumerate(tokens) if len(token) >= LENGTH]
        asked = _digests(self._key, (tokens[n] for n in long))
        for owner, held in self._held.items():
            if not len(held):
                continue
            at = np.minimum(np.searchsorted(held, asked), len(held) - 1)
            for n, hit in zip(long, held[at] == asked, strict=True):
                found[n] = owner if hit else found[n]
        return found
