"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class CatalogueConfig(AppConfig):
    """The ``catalogue`` room."""

    name = "tre.catalogue"
    label = "catalogue"
    default_auto_field = "django.db.models.BigAutoField"
