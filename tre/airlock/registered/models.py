"""Registered versions of models, the aliases over them, and what a deployer's webhook is told."""

from __future__ import annotations

from datetime import date

from django.db import models
from django.utils import timezone

from tre.airlock.models import Release


class RegisteredModel(models.Model):
    """One version of a model in the release registry, and whether it may be served."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="registered")
    name = models.CharField(max_length=200)
    version = models.PositiveIntegerField()
    folder = models.CharField(max_length=340, help_text="Its folder among the release's files.")
    serial = models.PositiveIntegerField(default=1, help_text="Rises with each change of what is said of it.")
    recalled = models.BooleanField(default=False)
    retires = models.DateField(null=True, blank=True, help_text="The day (UTC) from which it may not be served.")
    why = models.TextField(blank=True, default="", help_text="Why it retires.")

    class Meta:
        ordering = ("name", "-version")
        constraints = (models.UniqueConstraint(fields=["name", "version"], name="registered_version_once"),)

    def __str__(self) -> str:
        return f"{self.name}, version {self.version}"

    def may_be_served(self, day: date) -> bool:
        """Return whether it may be served on a day (UTC)."""
        return not self.recalled and (self.retires is None or day < self.retires)

    @property
    def state(self) -> str:
        """Return how it stands today, in words."""
        if self.recalled:
            return "recalled"
        if self.retires is None:
            return "in service"
        return f"in service until {self.retires:%-d %B %Y}" if self.may_be_served(today()) else "retired"


class Alias(models.Model):
    """What an alias of a model names: a version, or nothing while no version may be served."""

    name = models.CharField(max_length=200)
    alias = models.CharField(max_length=40)
    version = models.PositiveIntegerField(null=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["name", "alias"], name="alias_once"),)

    def __str__(self) -> str:
        return f"{self.name}@{self.alias}"


class Told(models.Model):
    """One thing that the deployer's webhook is told, written with the change that it tells of."""

    identity = models.CharField(max_length=40, unique=True, help_text="The webhook-id: one that repeats is the same.")
    kind = models.CharField(max_length=40)
    body = models.TextField(help_text="JSON, byte for byte as it is signed and sent.")
    at = models.DateTimeField(default=timezone.now)
    attempts = models.PositiveSmallIntegerField(default=0)
    answer = models.CharField(max_length=80, blank=True, default="", help_text="What came of the last attempt.")
    taken = models.DateTimeField(null=True, blank=True, help_text="When the receiver took it.")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.identity


def today() -> date:
    """Return the day by which retirement is reckoned: UTC, as wherever a model is served."""
    return timezone.now().date()  # aware and in UTC: settings.USE_TZ
