"""Django's registration of this part of the airlock, which has tables of its own."""

from __future__ import annotations

from django.apps import AppConfig


class ReleaseConfig(AppConfig):
    """The ``release`` part."""

    name = "tre.airlock.release"
    label = "release"
    default_auto_field = "django.db.models.BigAutoField"
