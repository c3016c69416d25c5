"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """The ``runs`` room."""

    name = "tre.runs"
    label = "runs"
    default_auto_field = "django.db.models.BigAutoField"
