"""Watches over open workspaces: who may no longer work loses theirs; what is gone, idle, old or too large is closed.

It asks the Hub nothing: a launcher lives while it holds its marker, and ends by itself when the marker is taken away.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.utils import timezone

from tre.policy.decision import decide
from tre.policy.domain import Principal, Resource
from tre.workspace import marker
from tre.workspace.disk import DiskWatch
from tre.workspace.lifetime import why_over
from tre.workspace.models import WorkspaceSession
from tre.workspace.services import close_for

# Between the portal's answer and the launcher's lock the Hub starts a process: seconds, on a busy machine more.
STARTING = timedelta(seconds=60)
_log = logging.getLogger("tre.workspace")


class SessionWatch:
    """Looks at each open workspace, again and again.

    The decision point logs what it decides. So a question that stands as it was when it was allowed is not put again:
    the same question has the same answer.
    """

    def __init__(self) -> None:
        self._allowed: dict[int, tuple[Principal, Resource]] = {}
        self._disk = DiskWatch()

    def look(self) -> None:
        """Close what must be closed, and take away the markers of what is closed."""
        folders = list(marker.folders())  # before the sessions: a folder is only ever made for a session that is there
        alive = {number for number, folder in folders if marker.held(folder)}
        still_open = set()
        for session in WorkspaceSession.objects.select_related("account", "project").filter(closed=None):
            if why := self._why_closed(session, alive):
                _log.info("workspace %s is closed: %s", session.pk, why)
                close_for(session.pk, why)
            else:
                still_open.add(session.pk)
        self._disk.forget_others()
        for number, folder in folders:
            if number not in still_open:
                marker.withdraw(folder)
        self._allowed = {number: asked for number, asked in self._allowed.items() if number in still_open}

    def _why_closed(self, session: WorkspaceSession, alive: set[int]) -> str:
        if session.pk not in alive and session.opened < timezone.now() - STARTING:
            return "its notebook server ended"
        if why := why_over(session, timezone.now()) or self._disk.why_closed(session):
            return why
        if session.profile != session.project.profile:
            return "the project's profile is another now"
        question = session.question()
        if question is None:
            return "the account is not active"
        if self._allowed.get(session.pk) == question:
            return ""
        try:
            allowed = decide(question[0], "open_workspace", question[1]).allowed
        except ValueError:
            _log.exception("whether workspace %s may stay open cannot be decided", session.pk)
            allowed = False  # default deny
        if not allowed:
            return "the person may no longer work in it"
        self._allowed[session.pk] = question
        return ""
