"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """The ``privacy`` room."""

    name = "tre.privacy"
    label = "privacy"
    default_auto_field = "django.db.models.BigAutoField"
