"""What was landed, what was built from it, and how well it linked."""

from __future__ import annotations

from django.db import models


class Submission(models.Model):
    """What a provider sent and landing accepted, whole."""

    identity = models.CharField(max_length=120, unique=True)
    provider = models.CharField(max_length=120)
    controller = models.CharField(max_length=200)
    files = models.JSONField(default=list)
    by = models.CharField(max_length=32)
    number = models.PositiveIntegerField(unique=True, help_text="Its place in the order of landing.")
    landed = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return self.identity


class WarehouseBuild(models.Model):
    """One build of the warehouse: what was linked, how well, and how many were opted out."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=32)
    inputs = models.CharField(max_length=64, unique=True, help_text="Digest of the submissions it was built from.")
    linkage = models.JSONField(null=True)
    quarantine = models.JSONField(default=list)
    opted_out = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"build {self.pk}"


class DatasetVersion(models.Model):
    """One version of one warehouse table."""

    dataset = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    quarantined = models.PositiveBigIntegerField(default=0)
    build = models.ForeignKey(WarehouseBuild, on_delete=models.PROTECT, related_name="versions")

    class Meta:
        ordering = ("dataset", "-version")
        constraints = (models.UniqueConstraint(fields=["dataset", "version"], name="dataset_version_once"),)

    def __str__(self) -> str:
        return f"{self.dataset} version {self.version}"
