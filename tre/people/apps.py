"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The ``people`` room."""

    name = "tre.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Listen to what allauth tells of."""
        from tre.people import recording  # noqa: F401
