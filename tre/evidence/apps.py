"""Django's registration of this room."""

from __future__ import annotations

from django.apps import AppConfig


class EvidenceConfig(AppConfig):
    """The ``evidence`` room: it keeps no table, for what it tells is looked at anew each time."""

    name = "tre.evidence"
    label = "evidence"
