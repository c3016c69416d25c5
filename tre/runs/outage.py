"""Outlasts a database that is away, for the processes that work in a loop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, connection

from tre.pauses import Pauses

# What Django raises when the connection is lost or cannot be made (PEP 249); other errors are bugs and pass.
LOST = (OperationalError, InterfaceError)
_LONGEST_SECONDS = 15.0
Result = TypeVar("Result")
_log = logging.getLogger("tre.runs")


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
