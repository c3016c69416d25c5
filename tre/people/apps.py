"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The ``people`` room."""

    name = "tre.people"
    label = "people"
    default_auto_field = "django.db.models.BigAutoField"
