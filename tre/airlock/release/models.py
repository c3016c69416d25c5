"""For how long each release may be taken, and the hash of the crate that goes with it."""

from __future__ import annotations

from django.db import models

from tre.airlock.models import Release


class DownloadArea(models.Model):
    """A release as its requester may take it."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="area")
    crate_sha256 = models.CharField(max_length=64, help_text="Of its ro-crate-metadata.json.")
    until = models.DateTimeField(help_text="When it shuts.")
    opened_by = models.CharField(max_length=32, blank=True, default="", help_text="Who opened it again, if anybody.")

    def __str__(self) -> str:
        return f"downloads of {self.release.identity}"
