"""What the platform's own attacks on a submitted model came to."""

from __future__ import annotations

from django.db import models

from tre.airlock.models.requests import RequestFile


class AttackReport(models.Model):
    """The report of all attacks on one model, kept with its weights; its hash is in the log."""

    file = models.OneToOneField(RequestFile, on_delete=models.PROTECT, related_name="attack_report")
    report = models.JSONField(help_text="By the schema of the learning plane's reports, version 1.")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"attacks on file {self.file_id}"
