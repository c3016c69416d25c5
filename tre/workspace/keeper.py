"""Keeps one process as it is wanted: started, ended, and started anew after pauses that grow when it keeps failing."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from tre.pauses import Pauses
from tre.runs.outage import LOST

_END_SECONDS = 20.0
_log = logging.getLogger("tre.workspace")


class Process(Protocol):
    """What is asked of a process; :class:`subprocess.Popen` is one."""

    def poll(self) -> int | None:
        """Return its exit status, or None while it runs."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


@dataclass(frozen=True)
class Plan:
    """What should run: its version, and how it is started. Another version replaces what runs."""

    version: str
    start: Callable[[], Process]


class Keeper:
    """Keeps one process. It never waits: each call of :meth:`keep` does the next step, so others are not held up.

    Parameters
    ----------
    name : str
        What the log calls it.
    clock : callable
        Returns seconds that only grow.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._name, self._clock, self._pauses = name, clock, Pauses()
        self._process: Process | None = None
        self._version, self._began, self._not_before = "", 0.0, 0.0
        self._asked: float | None = None  # when it was asked to end

    @property
    def idle(self) -> bool:
        """Return whether nothing runs."""
        return self._process is None

    def keep(self, plan: Callable[[], Plan] | None) -> None:
        """Do the next step towards the plan; None is for nothing to run. What fails is logged and tried again later."""
        try:
            self._look()
            if plan is None:
                self._end()
            elif self._clock() >= self._not_before:
                self._follow(plan())
        except LOST:
            raise
        except Exception:  # one project's failure must not stop the others: this is where each one's work is entered
            _log.exception("%s: this does not work", self._name)
            self._pause(0.0)

    def _look(self) -> None:
        if self._process is None or self._process.poll() is None:
            return
        asked, status = self._asked, self._process.poll()
        self._process, self._asked = None, None
        if asked is None:
            _log.warning("%s: ended with status %s", self._name, status)
            self._pause(self._clock() - self._began)

    def _pause(self, lasted: float) -> None:
        pause = self._pauses.after(lasted)
        self._not_before = self._clock() + pause
        _log.warning("%s: tried again in %.0f s", self._name, pause)

    def _follow(self, plan: Plan) -> None:
        if self._process is None:
            self._began, self._version = self._clock(), plan.version
            self._process = plan.start()
        elif self._version != plan.version:
            self._end()

    def _end(self) -> None:
        if self._process is None:
            return
        if self._asked is None:
            self._asked = self._clock()
            self._process.terminate()
        elif self._clock() - self._asked > _END_SECONDS:
            self._process.kill()
