"""Requests to let something out: their turns, groups and files, and what is released of them."""

from __future__ import annotations

from typing import cast

from django.conf import settings
from django.db import models

from tre.airlock.domain import OWNERS, Phase, Place, State, place_of
from tre.airlock.naming import KINDS, LEAVING, Kind
from tre.airlock.storage import StorageBroken
from tre.disclosure import Inspection
from tre.disclosure.statistics.published import Counts
from tre.policy.domain import Resource
from tre.projects.models import Project

STATES = [(state, state.replace("_", " ")) for state in OWNERS]
PHASES = [("independent", "independent"), ("consolidation", "consolidation"), ("halted", "halted")]


class Request(models.Model):
    """What a researcher asks to take out, as one decision, in as many turns as it takes."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="requests")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="requests")
    context = models.TextField()
    state = models.CharField(max_length=12, choices=STATES, default="submitted")
    phase = models.CharField(max_length=13, choices=PHASES, blank=True, default="")
    turn = models.PositiveIntegerField(default=1, help_text="The version that it is about now, from 1.")
    once = models.CharField(max_length=80, unique=True)
    created = models.DateTimeField(auto_now_add=True)
    changed = models.DateTimeField(auto_now=True)
    compared = models.PositiveBigIntegerField(
        null=True, help_text="The newest release, by its place, that inspection held it against."
    )
    risk = models.PositiveSmallIntegerField(default=0, help_text="From 0 to 100, by what inspection found.")
    checkers = models.PositiveSmallIntegerField(default=2, help_text="How many have to agree.")
    places = models.PositiveSmallIntegerField(default=2, help_text="How many may review it now.")
    role = models.CharField(max_length=40, blank=True, default="", help_text="That one of those who approve must hold.")
    low_risk = models.CharField(max_length=60, blank=True, default="", help_text="The class that needs fewer checkers.")
    due = models.DateTimeField(null=True, blank=True, db_index=True, help_text="When an answer is due.")

    class Meta:
        ordering = ("-id",)
        indexes = (models.Index(fields=["state", "due"], name="request_by_state"),)

    def __str__(self) -> str:
        return f"request {self.pk}"

    @property
    def place(self) -> Place:
        """Return where it stands, as the table of steps knows it."""
        return place_of(cast(State, self.state), cast(Phase, self.phase))

    def resource(self) -> Resource:
        """Return the request as the policies see it."""
        attributes = {"author": self.author.username, "project": self.project.code, "state": self.state}
        return Resource("Request", str(self.pk), attributes)

    def first_group(self) -> Group:
        """Return the first group of the turn that it is in: what is said of the whole request stands there."""
        return self.groups.filter(turn=self.turn)[0]

    def held(self) -> list[RequestFile]:
        """Return the files of the turn that it is in; those that were read beforehand are not read again."""
        return [file for file in self.files.all() if file.turn == self.turn]

    def leaving(self) -> list[RequestFile]:
        """Return the files that its release would let out: what supports them stays."""
        return [file for file in self.held() if file.leaves]


class Turn(models.Model):
    """One version of a request: what its author answered, who was in the project, and what came of it."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="turns")
    number = models.PositiveIntegerField()
    answer = models.TextField(blank=True, default="", help_text="What the author says to the turn before.")
    members = models.JSONField(default=list, help_text="Who was in the project while its files were put together.")
    began = models.DateTimeField(auto_now_add=True)
    submitted = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True, default="", help_text="The state that it led to.")

    class Meta:
        ordering = ("number",)
        constraints = (models.UniqueConstraint(fields=["request", "number"], name="turn_once"),)

    def __str__(self) -> str:
        return f"turn {self.number} of request {self.request_id}"


class Group(models.Model):
    """Files of one turn that belong together: what they are, how they were made, and why they are safe."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="groups")
    turn = models.PositiveIntegerField(default=1)
    name = models.CharField(max_length=60)
    context = models.TextField(blank=True, default="", help_text="What the files are, and how they were made.")
    controls = models.TextField(blank=True, default="", help_text="What was suppressed or rounded, and why it is safe.")

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["request", "turn", "name"], name="group_name_once"),)

    def __str__(self) -> str:
        return f"group {self.pk} of request {self.request_id}"


class RequestFile(models.Model):
    """One frozen file of one turn of a request."""

    request = models.ForeignKey(Request, on_delete=models.PROTECT, related_name="files")
    turn = models.PositiveIntegerField(default=1)
    group = models.ForeignKey(Group, on_delete=models.PROTECT, related_name="files")
    name = models.CharField(max_length=340)
    kind = models.CharField(max_length=10, choices=[*KINDS.items()], default="output")
    sha256 = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    inspection = models.JSONField(null=True)

    class Meta:
        ordering = ("id",)
        indexes = (models.Index(fields=["sha256"], name="file_by_hash"),)  # earlier decisions on the same bytes
        constraints = (models.UniqueConstraint(fields=["request", "turn", "name"], name="file_name_once"),)

    def __str__(self) -> str:
        return f"file {self.pk} of request {self.request_id}"

    @property
    def leaves(self) -> bool:
        """Return whether a release lets it out, so that it is voted on."""
        return self.kind in LEAVING

    def kind_told(self) -> Kind:
        """Return its kind as the rules know it."""
        return next(kind for kind in KINDS if kind == self.kind)

    def inspected(self) -> Inspection | None:
        """Return what inspection found, or None before it ran."""
        return Inspection.from_json(self.inspection) if self.inspection else None


class Publication(models.Model):
    """The counts that one file tells, kept so that every later request is held against them; never forgotten.

    They are read at inspection. The file's release gives them their place, before a byte leaves.
    """

    file = models.OneToOneField(RequestFile, on_delete=models.PROTECT, related_name="publication")
    tables = models.JSONField(default=list)
    members = models.CharField(
        max_length=64, blank=True, default="", help_text="SHA-256 of who is counted in each cell, where it is known."
    )
    of_people = models.BooleanField(default=False, help_text="Whether its counts are of people: members tell it all.")
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


class Release(models.Model):
    """What left: the request's files by hash, and the registered models among them."""

    request = models.OneToOneField(Request, on_delete=models.PROTECT, related_name="release")
    identity = models.CharField(max_length=40, unique=True)
    files = models.JSONField(default=list)
    models_registered = models.JSONField(default=list)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.identity
