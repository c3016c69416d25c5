"""Runs, and the files that they made."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tre.projects.models import Extract, Project
from tre.runs.attested.domain import KINDS, STATES

_STATES = [(each, each) for each in STATES]


class Run(models.Model):
    """One specification that the platform carries out, on one extract."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="runs")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="runs")
    extract = models.ForeignKey(Extract, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=10, choices=[*KINDS.items()])
    spec = models.JSONField()
    state = models.CharField(max_length=10, choices=_STATES, default="queued")
    step = models.CharField(max_length=200, blank=True, default="", help_text="What it does now.")
    error = models.TextField(blank=True, default="", help_text="Why it failed, in one sentence.")
    attempt = models.PositiveSmallIntegerField(default=1)
    once = models.CharField(max_length=120, unique=True)
    asked = models.DateTimeField(auto_now_add=True)
    began = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    log = models.JSONField(default=list, help_text="What is told of its course, once inspection let it through.")
    attestation = models.JSONField(default=dict, help_text="A DSSE envelope of an in-toto statement.")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["project", "state"], name="run_by_state"),)

    def __str__(self) -> str:
        return f"run {self.pk}"

    def subject(self) -> str:
        """Return what the audit log calls it."""
        return f"run:{self.pk}"


class RunOutput(models.Model):
    """One frozen file that a run made."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="outputs")
    name = models.CharField(max_length=340)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    members = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of the frozen members of the cells that it shows."
    )

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["sha256"], name="output_by_hash"),)
        constraints = (models.UniqueConstraint(fields=["run", "name"], name="output_name_once"),)

    def __str__(self) -> str:
        return f"output {self.pk} of run {self.run_id}"
