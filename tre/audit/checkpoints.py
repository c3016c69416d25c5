"""Signed checkpoints of the audit log, kept outside the database: what an insider with the database cannot rewrite.

The log's hashes have no key, so whoever owns the database can write a whole log anew that is right in itself. A
checkpoint says, under the installation's Ed25519 key (RFC 8032), how many entries there were and over which tree. It
continues the checkpoint before it, so that writing one verifies only what is new and no forged past is ever signed.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import DatabaseError, close_old_connections, transaction
from django.utils import timezone

from tre.audit.domain import MerkleTree, checkpoint_is_due
from tre.audit.errors import AuditBroken, CheckpointsUnwritable
from tre.audit.models import Entry, Head
from tre.audit.services import grow, record
from tre.config.options import load
from tre.errors import TreError
from tre.keys.custody import custody

_PREFIX, _SUFFIX = "checkpoint-", ".json"
_LOOK_SECONDS = 5.0
_log = logging.getLogger("tre.audit")


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint says: the number of entries, the root and subtrees over them (hexadecimal), and when."""

    entries: int
    root: str
    subtrees: str
    at: str

    @property
    def moment(self) -> datetime:
        """When it was signed."""
        return datetime.fromisoformat(self.at)

    def tree(self) -> MerkleTree:
        """Return the tree over the entries that it covers."""
        return MerkleTree.from_text(self.entries, self.subtrees)


def write_checkpoint(folder: Path | None = None) -> Checkpoint | None:
    """Verify the entries that the newest checkpoint leaves out, and cover them by a new one.

    Parameters
    ----------
    folder : Path, optional
        The setting ``audit_checkpoints`` unless told otherwise.

    Returns
    -------
    Checkpoint or None
        The newest checkpoint; None while the log is empty.

    Raises
    ------
    AuditBroken
        When a checkpoint's signature is wrong, or the log does not continue what the newest one covers.
    CheckpointsUnwritable
        When the folder cannot be written.
    """
    folder = folder_of(folder)
    newest = _newest(folder)
    if newest is None:
        _tell_beginning(folder)
    tree = newest.tree() if newest else MerkleTree()
    covered = tree.size
    for _ in grow(tree):
        pass
    if tree.size == covered:
        return newest
    made = Checkpoint(tree.size, tree.root().hex(), tree.to_text(), timezone.now().isoformat())
    try:
        _keep(folder, made)
    except OSError:
        raise CheckpointsUnwritable(
            "The audit log's checkpoints cannot be written", where=str(folder), todo="Mend the folder, then start again"
        ) from None
    return made


@transaction.atomic
def _tell_beginning(folder: Path) -> None:
    """Write into the log that checkpoints begin: an auditor who finds a second such entry asks who took the first."""
    if Head.objects.filter(id=1, size__gt=0).exists():
        record("audit.checkpoints_began", actor="platform", subject="audit", data={"folder": folder.name})


def _keep(folder: Path, checkpoint: Checkpoint) -> None:
    body = json.dumps(asdict(checkpoint), sort_keys=True)
    signature = custody().signing_key("audit-checkpoint").sign(body.encode()).hex()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = checkpoint_path(folder, checkpoint.entries)
    staged = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with staged.open("w") as out:
        json.dump({"body": body, "signature": signature}, out)
        out.flush()
        os.fsync(out.fileno())
    staged.replace(path)  # two workers at once say the same of the same entries


def checkpoint_path(folder: Path, entries: int) -> Path:
    """Return where the checkpoint over so many entries lies."""
    return folder / f"{_PREFIX}{entries:012d}{_SUFFIX}"


def folder_of(folder: Path | None) -> Path:
    """Return the folder that was named, or that of the setting."""
    return folder or load().checkpoints


def kept_sizes(folder: Path | None = None) -> list[int]:
    """Return how many entries each kept checkpoint covers, as its name says, in order."""
    try:
        names = os.listdir(folder_of(folder))  # plain names: there may be one for every minute of years
    except (FileNotFoundError, NotADirectoryError):
        return []
    except PermissionError:
        raise TreError(
            "The audit log's checkpoints cannot be read",
            where=str(folder_of(folder)),
            todo="Give it the right",
        ) from None
    return sorted(_said_size(name) for name in names if name.startswith(_PREFIX) and name.endswith(_SUFFIX))


def _said_size(name: str) -> int:
    said = name.removeprefix(_PREFIX).removesuffix(_SUFFIX)
    return int(said) if said.isascii() and said.isdecimal() else 0


def checkpoint_over(entries: int, folder: Path | None = None) -> Checkpoint:
    """Return the checkpoint that covers so many entries (:func:`read_checkpoint`)."""
    return read_checkpoint(checkpoint_path(folder_of(folder), entries))


def newest_path(folder: Path | None = None) -> Path | None:
    """Return where the newest checkpoint lies; None when there is none."""
    folder = folder_of(folder)
    newest = max(kept_sizes(folder), default=0)
    return checkpoint_path(folder, newest) if newest else None


def _newest(folder: Path) -> Checkpoint | None:
    path = newest_path(folder)
    return read_checkpoint(path) if path else None


def read_checkpoint(path: Path) -> Checkpoint:
    """Return what a checkpoint says, after its signature was verified.

    Raises
    ------
    AuditBroken
        When it is damaged, or its signature is not this installation's, or it has another's name.
    """
    number = _said_size(path.name)
    try:
        kept = json.loads(path.read_text())
        signature, body = bytes.fromhex(kept["signature"]), kept["body"]
        _public_key().verify(signature, body.encode())
        made = Checkpoint(**json.loads(body))
    except InvalidSignature:
        raise AuditBroken("The checkpoint's signature is wrong", number) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise AuditBroken("The checkpoint is damaged", number) from None
    if made.entries != number:
        raise AuditBroken("The checkpoint has another's name", number)
    return made


def public_key() -> str:
    """Return the key that verifies this installation's checkpoints: 32 bytes (RFC 8032), in hexadecimal."""
    return _public_key().public_bytes_raw().hex()


def _public_key() -> Ed25519PublicKey:
    return custody().signing_key("audit-checkpoint").public_key()


def write_when_due(folder: Path | None = None, now: datetime | None = None) -> None:
    """Write a checkpoint when enough came after the newest one (:func:`tre.audit.domain.checkpoint_is_due`).

    Raises
    ------
    AuditBroken, CheckpointsUnwritable
        As :func:`write_checkpoint` does.
    """
    folder, now = folder_of(folder), now or timezone.now()
    newest = _newest(folder)
    covered = newest.entries if newest else 0
    left_out = Entry.objects.filter(number__gt=covered).order_by("number")
    first = left_out.values_list("at", flat=True).first()
    if first is not None and checkpoint_is_due(left_out.count(), now - first):
        write_checkpoint(folder)


def keep_writing(stop: threading.Event) -> None:
    """Write checkpoints as they come due until told to stop: the worker runs this beside its jobs, however long these.

    A broken log or a lost database ends nothing here: it is logged at every look, until somebody acts.
    """
    while not stop.wait(_LOOK_SECONDS):
        close_old_connections()
        try:
            write_when_due()
        except TreError as error:
            _log.critical("%s", error.sentence())
        except DatabaseError:
            _log.warning("the database did not answer; the checkpoint is tried again")
