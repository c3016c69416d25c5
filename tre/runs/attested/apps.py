"""Django's registration of attested runs, which have tables of their own."""

from __future__ import annotations

from django.apps import AppConfig


class AttestedConfig(AppConfig):
    """The ``attested`` part."""

    name = "tre.runs.attested"
    label = "attested"
    default_auto_field = "django.db.models.BigAutoField"
