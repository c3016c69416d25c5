"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """The ``notices`` room."""

    name = "tre.notices"
    label = "notices"
    default_auto_field = "django.db.models.BigAutoField"
