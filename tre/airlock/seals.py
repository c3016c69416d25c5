"""Seals: keyed hashes in the audit log, under a key that the database does not hold (HMAC-SHA-256, RFC 2104)."""

from __future__ import annotations

import hashlib
import hmac
import json

from tre.audit.models import Entry
from tre.keys.custody import custody


def seal(*told: object) -> str:
    """Return the keyed hash over JSON values."""
    body = json.dumps(told, separators=(",", ":")).encode()
    return hmac.new(custody().derive("airlock-seal"), body, hashlib.sha256).hexdigest()


def holds(entry: Entry, told: dict[str, object]) -> bool:
    """Return whether an entry is what would be told now, by its whole content and by its seal."""
    kept, wanted = str(entry.data.get("seal", "")), str(told["seal"])
    return entry.data == told and hmac.compare_digest(kept.encode(), wanted.encode())
