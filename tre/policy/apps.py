"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class PolicyConfig(AppConfig):
    """The ``policy`` room."""

    name = "tre.policy"
    label = "policy"
    default_auto_field = "django.db.models.BigAutoField"
