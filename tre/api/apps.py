"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The ``api`` room."""

    name = "tre.api"
    label = "api"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen for what ends a person's access."""
        from tre.api import ending  # noqa: F401 - it listens once it is imported
