"""The base of every error that is meant for a person.

Whatever derives from :class:`TreError` is shown as one clear sentence and an exit status. Anything else that
escapes is a bug and keeps its traceback in the operator's log.
"""

from __future__ import annotations


class TreError(Exception):
    """Something a person can act on: what is wrong, where, and what to do next.

    Parameters
    ----------
    what : str
        The problem, in one clause, never holding a person's value or a key.
    where : str
        The file, setting, row or page it was met at.
    todo : str
        What to do next.
    """

    exit_status = 1

    def __init__(self, what: str, *, where: str = "", todo: str = "") -> None:
        self.what, self.where, self.todo = what.rstrip("."), where, todo.rstrip(".")
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """Return the whole message: what, where and what to do next."""
        place = f" ({self.where})" if self.where else ""
        advice = f" {self.todo}." if self.todo else ""
        return f"{self.what}{place}.{advice}"

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows in a traceback's place (IPython asks for it by this name)."""
        return [self.sentence()]


class SettingsError(TreError):
    """A setting is missing or wrong; nothing was started."""

    exit_status = 2


class Refused(TreError):
    """The policy or the state of things does not allow it; nothing was changed."""

    exit_status = 3


class NotAllowed(Refused):
    """No policy lets the person do it."""


class Missing(Refused):
    """There is no such thing."""
