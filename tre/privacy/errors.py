"""What can be wrong with the privacy ledger."""

from __future__ import annotations

from tre.errors import TreError


class LedgerBroken(TreError):
    """The ledger's tables are not what the audit log tells: somebody changed them past the platform."""
