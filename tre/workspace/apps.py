"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class WorkspaceConfig(AppConfig):
    """The ``workspace`` room."""

    name = "tre.workspace"
    label = "workspace"
    default_auto_field = "django.db.models.BigAutoField"
