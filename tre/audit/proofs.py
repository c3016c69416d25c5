"""Proofs that an entry stands in the log that was signed, and that this log continues an earlier one.

A proof is one JSON object that holds all that its checking needs but the knowledge of whose key it is: the very text
that was hashed, the hashes from it up to the root, and the signed checkpoint of that root.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tre.audit.checking import FORMAT, Checked, ProofWrong, check, check_continues, signed_size
from tre.audit.checkpoints import newest_path, public_key, read_checkpoint
from tre.audit.errors import AuditBroken
from tre.audit.models import Entry
from tre.audit.proving import consistency_path, inclusion_path
from tre.audit.rows import hashed
from tre.audit.subtrees import Subtrees
from tre.errors import Refused

Proof = dict[str, Any]


class Prover:
    """Proves entries against the newest checkpoint; one prover for a page reads what its proofs share only once.

    Parameters
    ----------
    folder : Path, optional
        Where the checkpoints lie: the setting ``audit_checkpoints`` unless told otherwise.

    Raises
    ------
    AuditBroken
        When the newest checkpoint is damaged or not signed by this installation.
    """

    def __init__(self, folder: Path | None = None) -> None:
        path = newest_path(folder)
        self.checkpoint = read_checkpoint(path) if path else None
        self.covered = self.checkpoint.entries if self.checkpoint else 0
        self._signed = json.loads(path.read_text()) if path else {}
        self._node, self._key = Subtrees(), public_key()

    def prove(self, entry: Entry | int, since: Mapping[str, Any] | None = None) -> Proof:
        """Return the proof of an entry, checked.

        Parameters
        ----------
        entry : Entry or int
            The entry, or its number.
        since : mapping, optional
            An earlier signed checkpoint, which the newest is proved to continue.

        Raises
        ------
        Refused
            When there is no such entry, or no checkpoint covers it yet.
        ProofWrong
            When the earlier checkpoint is none of this installation's.
        AuditBroken
            When the entry, or what the earlier checkpoint covers, is no longer what was signed.
        """
        if isinstance(entry, int):
            entry = self._entry(entry)
        number = entry.number
        if number > self.covered:
            raise Refused(
                "No checkpoint covers this entry yet", where=f"audit entry {number}", todo="Ask again in a minute"
            )
        proof: Proof = {
            "format": FORMAT,
            "entry": hashed(entry).decode(),
            "path": self._hashes(partial(inclusion_path, number - 1, self.covered), number),
            "checkpoint": self._signed,
            "key": self._key,
        }
        if since:
            proof["since"] = self._since(since)
        self.checked(proof, number)
        return proof

    def continues(self, earlier: Mapping[str, Any]) -> int:
        """Check that the newest checkpoint continues an earlier one, and return how many entries that one covers.

        Raises
        ------
        AuditBroken, ProofWrong
            When it does not.
        """
        return check_continues(self._since(earlier), self._signed, self._key)

    def checked(self, proof: Proof, number: int) -> Checked:
        """Return what a proof proves, as whoever receives it finds.

        Raises
        ------
        AuditBroken
            When it proves nothing.
        """
        try:
            return check(proof, self._key)
        except ProofWrong as error:
            raise AuditBroken(error.what, number) from None

    def _entry(self, number: int) -> Entry:
        entry = Entry.objects.filter(number=number).first()
        if entry is None and number <= self.covered and number > 0:
            raise AuditBroken("Entries that a checkpoint covers are missing", number)
        if entry is None:
            raise Refused("There is no such entry", where=f"audit entry {number}")
        return entry

    def _since(self, earlier: Mapping[str, Any]) -> dict[str, Any]:
        first = signed_size(earlier, self._key)
        if first > self.covered:
            raise AuditBroken("The log was cut short: more entries were signed before than now", self.covered + 1)
        path = partial(consistency_path, first, self.covered)
        return {"checkpoint": dict(earlier), "path": self._hashes(path, first)}

    def _hashes(self, path: partial[list[bytes]], number: int) -> list[str]:
        try:
            return [each.hex() for each in path(self._node)]
        except LookupError:
            raise AuditBroken("Entries that a checkpoint covers are missing", number) from None


def earlier_checkpoint(path: Path) -> Mapping[str, Any]:
    """Return the signed checkpoint that a kept file holds: a checkpoint itself, or a proof made before.

    Raises
    ------
    ProofWrong
        When it holds neither.
    """
    try:
        kept = json.loads(path.read_bytes())
        signed: Mapping[str, Any] = kept.get("checkpoint", kept)
        if {"body", "signature"} <= signed.keys():
            return signed
    except (OSError, ValueError, AttributeError, RecursionError):
        pass
    raise ProofWrong("This holds neither a checkpoint nor a proof", str(path))
