"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class AuditConfig(AppConfig):
    """The ``audit`` room."""

    name = "tre.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"
