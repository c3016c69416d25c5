"""Shows what a workspace may use, and what of it went to its person's browser."""

from __future__ import annotations

from django import template

from tre.config.options import load
from tre.people.models import Account
from tre.projects.models import Project
from tre.workspace import limits
from tre.workspace.disk import MEASURE_SECONDS
from tre.workspace.lifetime import closes_idle, closes_old
from tre.workspace.models import WorkspaceSession
from tre.workspace.quotas import left
from tre.workspace.services import browser_ceiling, sent_today
from tre.workspace.sizes import chosen_size, sizes

register = template.Library()


@register.simple_tag
def browser_bytes(account: Account) -> dict[str, int]:
    """Return the bytes that went to a person's browser today (``sent``), and how many may at most (``ceiling``).

    Of strict workspaces likewise: ``pixels`` and ``pixels_ceiling``.
    """
    strict = Project.Profile.STRICT
    return {
        "sent": sent_today(account),
        "ceiling": browser_ceiling(),
        "pixels": sent_today(account, strict),
        "pixels_ceiling": browser_ceiling(strict),
    }


@register.simple_tag
def workspace_of(account: Account, project: Project) -> dict[str, object]:
    """Return what a person is told about their workspace in a project.

    The ``sizes`` to choose from with the one ``chosen``, what is ``left`` of the quota, whether its processes are
    bounded ``together``, the ceilings of disk, how long it stays open, and, while one is open, that ``session``.
    """
    options = load()
    session = WorkspaceSession.objects.filter(account=account, project=project, closed=None).first()
    return {
        "sizes": sizes(),
        "chosen": chosen_size(account, project).name,
        "left": left(project, account),
        "together": limits.version() > 0,
        "home_megabytes": options.home_megabytes,
        "shared_megabytes": options.shared_megabytes,
        "measured_seconds": int(MEASURE_SECONDS),
        "idle_minutes": options.workspace_idle_minutes,
        "hours": options.workspace_hours,
        "session": session,
        "closes_idle": closes_idle(session) if session else None,
        "closes_old": closes_old(session) if session else None,
        "hub": options.hub,
    }
