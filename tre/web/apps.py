"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The ``web`` room."""

    name = "tre.web"
    label = "web"
    default_auto_field = "django.db.models.BigAutoField"
