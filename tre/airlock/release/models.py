"""For how long each release may be taken, the hash of its crate, and where it is delivered to."""

from __future__ import annotations

from django.db import models

from tre.airlock.models import Release, Request
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
    """One place that a project's releases may be delivered to, beside their author's download area."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="release_targets")
    target = models.CharField(max_length=40, help_text="By its name in the settings.")
    set_by = models.CharField(max_length=32)

    class Meta:
        ordering = ("target",)
        constraints = (models.UniqueConstraint(fields=["project", "target"], name="target_once"),)

    def __str__(self) -> str:
        return f"{self.target} for {self.project.code}"


class RequestTarget(models.Model):
    """Which of its project's places a request is to go to, where its author has chosen."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="chosen_target")
    target = models.CharField(max_length=40, blank=True, help_text="Empty for none.")

    def __str__(self) -> str:
        return f"{self.target} for request {self.request_id}"


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
