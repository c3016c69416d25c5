"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class AirlockConfig(AppConfig):
    """The ``airlock`` room."""

    name = "tre.airlock"
    label = "airlock"
    default_auto_field = "django.db.models.BigAutoField"
