"""The queue's one table."""

from __future__ import annotations

from django.db import models


class Job(models.Model):
    """One piece of work to be done once, by whichever worker holds its lease."""

    class State(models.TextChoices):
        """Where a job stands."""

        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    kind = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    once = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    due = models.DateTimeField()
    lease = models.CharField(max_length=40, blank=True, default="")
    error = models.TextField(blank=True, default="")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = (models.Index(fields=["state", "due"], name="job_due"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.once}"
