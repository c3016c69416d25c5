"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    """The ``projects`` room."""

    name = "tre.projects"
    label = "projects"
    default_auto_field = "django.db.models.BigAutoField"
