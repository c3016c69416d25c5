"""What checkers do: reviews with their votes, places, days of absence, and comments."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tre.airlock.models.requests import PHASES, Group, Request, RequestFile

CHOICES = [("approve", "Approve"), ("return", "Ask for changes"), ("reject", "Reject")]


class Review(models.Model):
    """One checker's say on one turn of a request, from the first vote on; others see it when enough are in.

    Whoever changes their mind when reviews are consolidated hands in a new one: the earlier stays as it was.
    """

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="reviews")
    turn = models.PositiveIntegerField(default=1)
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="reviews")
    round = models.PositiveIntegerField(default=1, help_text="Which of this checker's reviews of the turn, from 1.")
    phase = models.CharField(max_length=13, choices=PHASES, default="independent")
    choice = models.CharField(max_length=8, choices=CHOICES, blank=True, default="")
    roles = models.JSONField(default=list, help_text="What the checker was when it was handed in.")
    checkers = models.PositiveSmallIntegerField(default=2, help_text="How many had to agree then.")
    at = models.DateTimeField(auto_now_add=True)
    handed_in = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=["request", "turn", "checker", "round"], name="one_review_per_round"),
        )

    def __str__(self) -> str:
        return f"review of request {self.request_id}"


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


class Assignment(models.Model):
    """One checker's place at one turn of a request, from when it was taken until it was given back."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="assignments")
    turn = models.PositiveIntegerField(default=1)
    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="assignments")
    at = models.DateTimeField(auto_now_add=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=["request", "turn", "checker"], condition=models.Q(ended=None), name="one_place_per_checker"
            ),
        )

    def __str__(self) -> str:
        return f"place at request {self.request_id}"


class Absence(models.Model):
    """Days on which a checker reviews nothing; places that they hold are given back on the first."""

    checker = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="absences")
    first = models.DateField()
    last = models.DateField()

    class Meta:
        ordering = ("first",)

    def __str__(self) -> str:
        return f"absence {self.pk}"


class Comment(models.Model):
    """What somebody says of a group, or of lines of a file in it; to everybody, or among checkers."""

    class Audience(models.TextChoices):
        """Who may read it."""

        PUBLIC = "public", "The author and the checkers"
        CHECKERS = "checkers", "Checkers alone"

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="comments")
    turn = models.PositiveIntegerField(default=1)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="comments")
    file = models.ForeignKey(RequestFile, null=True, blank=True, on_delete=models.PROTECT, related_name="comments")
    first_line = models.PositiveIntegerField(null=True, blank=True)
    last_line = models.PositiveIntegerField(null=True, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="comments")
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.PUBLIC)
    text = models.TextField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"comment {self.pk} on request {self.request_id}"
