"""Requests to let something out, their files, what inspection found, and what the checkers said."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tre.airlock.domain import OWNERS, Choice
from tre.airlock.storage import StorageBroken
from tre.disclosure import Inspection
from tre.disclosure.statistics.published import Counts
from tre.policy.domain import Resource
from tre.projects.models import Project

STATES = [(state, state.replace("_", " ")) for state in OWNERS]
CHOICE_NAMES: tuple[Choice, ...] = ("approve", "return", "reject")
CHOICES = [("approve", "Approve"), ("return", "Ask for changes"), ("reject", "Reject")]


class Request(models.Model):
    """What a researcher asks to take out, as one decision."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="requests")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests")
    context = models.TextField()
    state = models.CharField(max_length=12, choices=STATES, default="submitted")
    once = models.CharField(max_length=80, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    compared = models.PositiveBigIntegerField(
        null=True, help_text="The newest release, by its place, that inspection held it against."
    )

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"request {self.pk}"

    def resource(self) -> Resource:
        """Return the request as the policies see it."""
        attributes = {"author": self.author.username, "project": self.project.code, "state": self.state}
        return Resource("Request", str(self.pk), attributes)


class RequestFile(models.Model):
    """One frozen file of a request."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=340)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    inspection = models.JSONField(null=True)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["sha256"], name="file_by_hash"),)  # earlier decisions on the same bytes
        constraints = (models.UniqueConstraint(fields=["request", "name"], name="file_name_once"),)

    def __str__(self) -> str:
        return f"file {self.pk} of request {self.request_id}"

    def inspected(self) -> Inspection | None:
        """Return what inspection found, or None before it ran."""
        return Inspection.from_json(self.inspection) if self.inspection else None


class Publication(models.Model):
    """The counts that one file tells, kept so that every later request is held against them; never forgotten.

    They are read at inspection. The file's release gives them their place, before a byte leaves.
    """

    file = models.OneToOneField(RequestFile, on_delete=models.PROTECT, related_name="publication")
    tables = models.JSONField(default=list)
    place = models.PositiveBigIntegerField(
        null=True,
        db_index=True,
        help_text="In the order of releases; none while it was not let out, 0 before they were kept.",
    )
    release = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        ordering = ("place", "id")

    def __str__(self) -> str:
        return f"counts of file {self.file_id}"

    def counts(self) -> tuple[Counts, ...]:
        """Return what the file tells.

        Raises
        ------
        StorageBroken
            What was kept of it was altered.
        """
        try:
            return tuple(map(Counts.from_json, self.tables))
        except ValueError:
            raise StorageBroken(
                "What a file tells was altered", where=str(self), todo="Stop and tell the auditor"
            ) from None


class Review(models.Model):
    """One checker's whole say on a request; others see it when enough are in."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="reviews")
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    choice = models.CharField(max_length=8, choices=CHOICES)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["request", "checker"], name="one_review_per_checker"),)

    def __str__(self) -> str:
        return f"review of request {self.request_id}"

    def said(self) -> Choice:
        """Return the review's choice as the rules know it."""
        return next(choice for choice in CHOICE_NAMES if choice == self.choice)


class FileVote(models.Model):
    """What one review says of one file, and the SHA-256 of the bytes that it says it of."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="votes")
    file = models.ForeignKey(RequestFile, on_delete=models.PROTECT, related_name="votes")
    sha256 = models.CharField(max_length=64)
    choice = models.CharField(max_length=8, choices=CHOICES)
    comment = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["review", "file"], name="one_vote_per_file"),)

    def __str__(self) -> str:
        return f"vote on file {self.file_id}"


class Release(models.Model):
    """What left: the request's files by hash, and the registered models among them."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="release")
    identity = models.CharField(max_length=40, unique=True)
    files = models.JSONField(default=list)
    models_registered = models.JSONField(default=list)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.identity
