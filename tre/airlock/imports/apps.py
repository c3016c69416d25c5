"""Django's registration of this part of the airlock, which has tables of its own."""

from __future__ import annotations

from django.apps import AppConfig


class ImportsConfig(AppConfig):
    """The ``imports`` part."""

    name = "tre.airlock.imports"
    label = "imports"
    default_auto_field = "django.db.models.BigAutoField"
