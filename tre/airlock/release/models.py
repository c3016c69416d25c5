"""For how long each release may be taken, the hash of its crate, and where it is delivered to."""

from __future__ import annotations

from django.db import models

from tre.airlock.models import Release
from tre.projects.models import Project


class DownloadArea(models.Model):
    """A release as its requester may take it."""

    release = models.OneToOneField(Release, on_delete=models.PROTECT, related_name="area")
    crate_sha256 = models.CharField(max_length=64, help_text="Of its ro-crate-metadata.json.")
    until = models.DateTimeField(help_text="When it shuts.")
    opened_by = models.CharField(max_length=32, blank=True, default="", help_text="Who opened it again, if anybody.")

    def __str__(self) -> str:
        return f"downloads of {self.release.identity}"


class ProjectTarget(models.Model):
    """Where a project's releases are delivered to, beside their author's download area."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="release_target")
    target = models.CharField(max_length=40, help_text="By its name in the settings.")
    set_by = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"{self.target} for {self.project.code}"


class Delivery(models.Model):
    """One release on its way to one target, and where it was put."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="deliveries")
    target = models.CharField(max_length=40)
    done = models.DateTimeField(null=True)
    place = models.CharField(max_length=400, blank=True, default="")
    revision = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["release", "target"], name="one_delivery_to_a_target"),)

    def __str__(self) -> str:
        return f"{self.release.identity} to {self.target}"
