"""What a project asks to bring in, its files with what the checks told, and what the reviewers said."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tre.airlock.imports.checks import Checked
from tre.airlock.imports.domain import STATES, Choice
from tre.policy.domain import Resource
from tre.projects.models import Project

_STATES = [(each, each.replace("_", " ")) for each in STATES]
CHOICES: tuple[tuple[Choice, str], ...] = (("approve", "Approve"), ("reject", "Refuse"))


class ImportRequest(models.Model):
    """One set of files that somebody asks to bring into a project's workspace."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="imports")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports")
    licence = models.CharField(max_length=60)
    provenance = models.TextField(help_text="Who made the files, where they are from, and what they are for.")
    state = models.CharField(
        max_length=12, choices=[(each, each.replace("_", " ")) for each in STATES], default="submitted"
    )
    once = models.CharField(max_length=80, unique=True)
    version = models.PositiveIntegerField(null=True, help_text="In the project, from when it is placed.")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        constraints = (models.UniqueConstraint(fields=["project", "version"], name="one_import_version"),)

    def __str__(self) -> str:
        return f"import {self.pk}"

    def resource(self) -> Resource:
        """Return it as the policies see it: a request, inwards."""
        attributes = {"author": self.author.username, "project": self.project.code, "state": self.state}
        return Resource("Request", f"import-{self.pk}", attributes)


class ImportFile(models.Model):
    """One frozen file of an import."""

    request = models.ForeignKey(ImportRequest, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=340)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    checks = models.JSONField(null=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["request", "name"], name="import_file_name_once"),)

    def __str__(self) -> str:
        return f"file {self.pk} of import {self.request_id}"

    def checked(self) -> Checked | None:
        """Return what the checks told, or None before they ran."""
        return Checked.from_json(self.checks) if self.checks else None


class ImportReview(models.Model):
    """One reviewer's say on an import."""

    request = models.ForeignKey(ImportRequest, on_delete=models.PROTECT, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="import_reviews")
    choice = models.CharField(max_length=8, choices=CHOICES)
    comment = models.TextField(blank=True, default="")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["request", "reviewer"], name="one_import_review_each"),)

    def __str__(self) -> str:
        return f"review of import {self.request_id}"
