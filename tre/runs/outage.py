"""Knows a database that is away and a disk that is full, and outlasts the first in processes that work in a loop."""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from tre.pauses import Pauses

# What Django raises when the connection is lost or cannot be made (PEP 249); other errors are bugs and pass.
LOST = (OperationalError, InterfaceError)
_LONGEST_SECONDS = 15.0
# Result codes of SQLite (https://sqlite.org/rescode.html): busy, locked, read-only, I/O error, corrupt, cannot open, no
# database. What is wrong with a statement is none of them.
_SQLITE_FULL, _SQLITE_AWAY = 13, {5, 6, 8, 10, 11, 14, 26}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_DISK_FULL = "53100"  # PostgreSQL's error code of this name (its manual, appendix A)
Result = TypeVar("Result")
_log = logging.getLogger("tre.runs")


def is_full(error: BaseException | None) -> bool:
    """Return whether an error says that a disk is full: a folder's, or the database's."""
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    if not isinstance(error, OperationalError):
        return False
    cause = error.__cause__
    return _sqlite_code(cause) == _SQLITE_FULL or getattr(cause, "sqlstate", None) == _DISK_FULL


def is_lost(error: BaseException | None) -> bool:
    """Return whether an error says that the database does not answer, and not that a statement is wrong."""
    if not isinstance(error, LOST) or is_full(error):
        return False
    code = _sqlite_code(error.__cause__)
    return code is None or code in _SQLITE_AWAY


def _sqlite_code(cause: BaseException | None) -> int | None:
    code = getattr(cause, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF  # the primary one


class Outage:
    """Tells of an outage once, waits, and lets the loop connect anew.

    Parameters
    ----------
    wait : callable
        Waits so many seconds.
    """

    def __init__(self, wait: Callable[[float], object] = time.sleep) -> None:
        self._wait, self._pauses, self._away = wait, Pauses(most=_LONGEST_SECONDS), False

    def outlast(self, act: Callable[[], Result]) -> Result | None:
        """Do one round of a loop and return its result; None when the database was lost, after a pause."""
        try:
            close_old_connections()
            result = act()
        except LOST as lost:
            if not self._away:  # the driver's message may hold an address or a statement: its kind is enough
                _log.warning("The database does not answer (%s); trying until it does.", type(lost).__name__)
            self._away = True
            connection.close()
            self._wait(1.0 + self._pauses.after(0.0))
            return None
        if self._away:
            _log.warning("The database answers again.")
            self._away, self._pauses = False, Pauses(most=_LONGEST_SECONDS)
        return result
