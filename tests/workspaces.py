"""Open workspaces for tests, and settings for them."""

from __future__ import annotations

import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.factories import person, project
from tre.config.options import load
from tre.projects.models import Extract, Project
from tre.workspace.models import Usage, WorkspaceSession


def study(code: str = "frailty", *members: str) -> Project:
    """Return a project whose workspaces open; its first member leads."""
    for name in members:
        person(name, "researcher")
    made = project(code, *members)
    Extract.objects.create(project=made, number=1, asked_by="test", ready=True, persons=10, manifest={"tables": []})
    return made


def set_options(monkeypatch: pytest.MonkeyPatch, **changes: object) -> None:
    """Change settings wherever the workspaces' modules read them."""
    changed = load().model_copy(update=changes)
    for name, module in list(sys.modules.items()):
        if name.startswith("tre.workspace.") and getattr(module, "load", None) is load:
            monkeypatch.setattr(module, "load", lambda: changed)


def opened_ago(session: WorkspaceSession, **ago: float) -> None:
    """Let a workspace have been opened, and told of, so long ago."""
    moment = timezone.now() - timedelta(**ago)
    WorkspaceSession.objects.filter(pk=session.pk).update(opened=moment, told=moment, active=moment)
    Usage.objects.filter(session=session).update(
        begins=moment, ends=moment, month=timezone.localtime(moment).date().replace(day=1)
    )
    session.refresh_from_db()
