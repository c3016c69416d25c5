"""Checks the log's proofs: by itself, from the standards alone, without a database, Django or the platform's settings.

It shares no code with what makes them (:mod:`tre.audit.proving`), so that one mistake cannot hide in both. Who wants
to rely on nothing of ours can write it anew from RFC 9162, sections 2.1.1, 2.1.3.2 and 2.1.4.2, and RFC 8032.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tre.errors import TreError

FORMAT = "tre-audit-proof/1"


class ProofWrong(TreError):
    """A proof does not prove what it says."""

    def __init__(self, what: str, where: str = "") -> None:
        super().__init__(what, where=where, todo="Ask the platform for a new proof, and keep this one as evidence")


@dataclass(frozen=True)
class Checked:
    """What a proof proves: this entry stands in the log that this key signed, at the size and time that it signed."""

    entry: dict[str, Any]
    entries: int
    root: str
    at: str
    key: str
    since: int = 0

    def sentence(self) -> str:
        """Return it in plain words."""
        number, event, actor = self.entry["number"], self.entry["event"], self.entry["actor"]
        told = (
            f"Entry {number} ({event} by {actor}, {self.entry['at']}) stands, exactly as shown, in the log of "
            f"{self.entries} entries that the platform signed at {self.at} with the key {self.key}."
        )
        if self.since:
            told += f" That log continues, unchanged, the one of {self.since} entries that it signed before."
        return told


def check_inclusion(leaf: bytes, index: int, size: int, path: list[bytes], root: bytes) -> None:
    """Check that a leaf is the index-th, from 0, of a tree (RFC 9162, section 2.1.3.2).

    Parameters
    ----------
    leaf, root : bytes
        Hashes of 32 bytes, and so is each of the path.

    Raises
    ------
    ProofWrong
        When it is not.
    """
    _check_hashes([leaf, root, *path])
    if not 0 <= index < size:
        raise ProofWrong("The proof is of no entry of this log")
    place, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise ProofWrong("The proof is longer than it can be")
        if place & 1 or place == last:
            found = _parent(sibling, found)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            found = _parent(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofWrong("The proof is shorter than it must be")
    if found != root:
        raise ProofWrong("The entry is not in the log that was signed")


def check_consistency(first: int, first_root: bytes, second: int, second_root: bytes, path: list[bytes]) -> None:
    """Check that a tree begins with every leaf of an earlier one (RFC 9162, section 2.1.4.2).

    Parameters
    ----------
    first, second : int
        Their numbers of leaves, from 1.

    Raises
    ------
    ProofWrong
        When it does not.
    """
    _check_hashes([first_root, second_root, *path])
    if not 0 < first <= second:
        raise ProofWrong("The later log is shorter than the earlier one")
    if first == second:
        if path or first_root != second_root:
            raise ProofWrong("Two logs of one size were signed that are not the same")
        return
    if first & (first - 1) == 0:
        path = [first_root, *path]
    if not path:
        raise ProofWrong("The proof is shorter than it must be")
    _climb(first, first_root, second, second_root, path)


def _climb(first: int, first_root: bytes, second: int, second_root: bytes, path: list[bytes]) -> None:
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise ProofWrong("The proof is longer than it can be")
        if place & 1 or place == last:
            old, new = _parent(sibling, old), _parent(sibling, new)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new = _parent(new, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise ProofWrong("The proof is shorter than it must be")
    if old != first_root or new != second_root:
        raise ProofWrong("The later log does not continue the earlier one")


def _parent(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def _check_hashes(hashes: list[bytes]) -> None:
    if any(len(each) != 32 for each in hashes):
        raise ProofWrong("A hash in the proof has not 32 bytes")


def check_file(path: Path, key: str = "") -> Checked:
    """Check a proof that lies in a file (:func:`check`)."""
    try:
        kept = json.loads(path.read_bytes())
    except OSError:
        raise ProofWrong("The proof cannot be read", str(path)) from None
    except (ValueError, RecursionError):
        raise ProofWrong("This is no proof of the audit log", str(path)) from None
    return check(kept, key)


def check(proof: object, key: str = "") -> Checked:
    """Check a proof as :mod:`tre.audit.proofs` writes it.

    Parameters
    ----------
    key : str, optional
        The platform's public key (32 bytes, hexadecimal), as it was learnt on another way than by the proof.

    Raises
    ------
    ProofWrong
        When it is of no such form, its checkpoint is not signed by the key, or what it says is not so.
    """
    try:
        return _check(proof, key.strip().lower())
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise ProofWrong("This is no proof of the audit log") from None


def _check(proof: Any, key: str) -> Checked:
    _check_names(proof, {"format", "entry", "path", "checkpoint", "key"}, {"since"})
    if proof["format"] != FORMAT:
        raise ValueError("another format")
    if key and proof["key"] != key:
        raise ProofWrong("The proof is signed by another key than the one that you named")
    signed = _signed(proof["checkpoint"], proof["key"])
    text: str = proof["entry"]
    entry = json.loads(text)
    leaf = hashlib.sha256(b"\x00" + text.encode()).digest()
    check_inclusion(leaf, _whole(entry["number"]) - 1, signed["entries"], _hashes(proof["path"]), signed["root"])
    since = proof.get("since")
    return Checked(
        {name: entry[name] for name in ("number", "at", "event", "actor", "subject", "data", "previous")},
        signed["entries"],
        signed["root"].hex(),
        signed["at"],
        proof["key"],
        check_continues(since, proof["checkpoint"], proof["key"]) if since else 0,
    )


def check_continues(since: Any, checkpoint: Any, key: str) -> int:
    """Check that a signed checkpoint continues an earlier one, and return how many entries the earlier covers.

    Parameters
    ----------
    since : mapping
        The earlier ``checkpoint`` and the ``path`` of hashes.

    Raises
    ------
    ProofWrong
        When it does not, or one of them is not signed by the key.
    """
    try:
        _check_names(since, {"checkpoint", "path"})
        earlier, signed = _signed(since["checkpoint"], key), _signed(checkpoint, key)
        path = _hashes(since["path"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ProofWrong("This is no checkpoint of the audit log") from None
    check_consistency(earlier["entries"], earlier["root"], signed["entries"], signed["root"], path)
    return int(earlier["entries"])


def signed_size(checkpoint: Any, key: str) -> int:
    """Return how many entries a signed checkpoint covers.

    Raises
    ------
    ProofWrong
        When it is none, or is not signed by the key.
    """
    try:
        return int(_signed(checkpoint, key)["entries"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ProofWrong("This is no checkpoint of the audit log") from None


def _signed(checkpoint: Any, key: str) -> dict[str, Any]:
    _check_names(checkpoint, {"body", "signature"})
    body: str = checkpoint["body"]
    try:
        Ed25519PublicKey.from_public_bytes(_bytes(key)).verify(_bytes(checkpoint["signature"]), body.encode())
    except InvalidSignature:
        raise ProofWrong("The checkpoint's signature is wrong") from None
    said = json.loads(body)
    return {"entries": _whole(said["entries"]), "root": _bytes(said["root"]), "at": str(said["at"])}


def _hashes(told: list[str]) -> list[bytes]:
    return [_bytes(each) for each in told]


def _bytes(told: str) -> bytes:
    """Return what is written in hexadecimal, which has one way to be written."""
    found = bytes.fromhex(told)
    if found.hex() != told:
        raise ValueError("not written as it must be")
    return found


def _check_names(told: dict[str, Any], must: set[str], may: set[str] | None = None) -> None:
    if not must <= set(told) <= must | (may or set()):
        raise ValueError("not the names that it must have")


def _whole(number: object) -> int:
    if type(number) is not int:
        raise ValueError("not a whole number")
    return number
