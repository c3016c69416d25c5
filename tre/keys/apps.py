"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """The ``keys`` room."""

    name = "tre.keys"
    label = "keys"
    default_auto_field = "django.db.models.BigAutoField"
