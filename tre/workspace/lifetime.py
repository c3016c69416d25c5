"""How long a workspace stays open: until nobody has used it for a while, and never longer than its greatest age.

Whether it was used the platform judges (:mod:`tre.workspace.activity`). That its launcher could not tell, for the
portal was away, is not held against it: idle is what a launcher says, and one that is silent ends at the greatest age.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from tre.config.options import load
from tre.workspace.models import WorkspaceSession


def closes_idle(session: WorkspaceSession) -> datetime:
    """Return when a workspace is closed if nobody uses it any more."""
    return session.active + timedelta(minutes=load().workspace_idle_minutes)


def closes_old(session: WorkspaceSession) -> datetime:
    """Return when a workspace is closed in any case."""
    return session.opened + timedelta(hours=load().workspace_hours)


def why_over(session: WorkspaceSession, now: datetime) -> str:
    """Return why a workspace must be closed now, or nothing."""
    if now >= closes_old(session):
        return f"it was open for {load().workspace_hours} hours"
    if session.told >= closes_idle(session):
        return f"nobody used it for {load().workspace_idle_minutes} minutes"
    return ""
