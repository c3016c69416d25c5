"""Django's registration of this part of the airlock, which has tables of its own."""

from __future__ import annotations

from django.apps import AppConfig


class RegisteredConfig(AppConfig):
    """The ``registered`` part."""

    name = "tre.airlock.registered"
    label = "registered"
    default_auto_field = "django.db.models.BigAutoField"
