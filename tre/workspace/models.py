"""Workspaces: which person works in which project, how large, for how long, and the token by which it is known."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import decide
from tre.policy.domain import Principal, Resource
from tre.projects.models import Project


class WorkspaceSession(models.Model):
    """One notebook server's life. The token is kept as its hash; the door outside the sandbox holds the token."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="sessions")
    profile = models.CharField(max_length=10, default="standard", help_text="The project's when it was opened.")
    token_hash = models.CharField(max_length=64, unique=True)
    opened = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True)
    sent = models.PositiveBigIntegerField(default=0, help_text="Bytes from its server to the person's browser.")
    size = models.CharField(max_length=20, default="", help_text="What its size was called when it was opened.")
    megabytes = models.PositiveIntegerField(default=0)
    processors = models.FloatField(default=0)
    told = models.DateTimeField(default=timezone.now, help_text="When its launcher told last what it uses.")
    active = models.DateTimeField(default=timezone.now, help_text="When it was in use last, as its launcher saw it.")
    home_bytes = models.PositiveBigIntegerField(default=0, help_text="Disk of the home, as measured last.")
    home_most = models.PositiveBigIntegerField(default=0, help_text="At more it is closed; 0 for no bound.")
    shared_bytes = models.PositiveBigIntegerField(default=0, help_text="Disk of the project's folders.")
    shared_most = models.PositiveBigIntegerField(default=0, help_text="At more it is closed; 0 for no bound.")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"workspace {self.pk}"

    def principal(self) -> Principal:
        """Return the person as the policies see them; a workspace only ever opens after a second factor."""
        account = Account.objects.get(pk=self.account_id)
        return principal_of(account, used_second_factor=True)

    def question(self) -> tuple[Principal, Resource] | None:
        """Return what the decision point is asked about this workspace now; None when the account is not active."""
        if not Account.objects.filter(pk=self.account_id, is_active=True).exists():
            return None
        return self.principal(), Project.objects.get(pk=self.project_id).resource()

    def allowed(self) -> bool:
        """Return whether the person may still work here, as things stand now."""
        question = self.question()
        return question is not None and decide(question[0], "open_workspace", question[1]).allowed


class SizeChoice(models.Model):
    """The size that a person chose last for a project: the next workspace there has it."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    size = models.CharField(max_length=20)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "project"], name="one_size_chosen"),)

    def __str__(self) -> str:
        return self.size


class Quota(models.Model):
    """What a project's workspaces may have, where a data manager has set it."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="quota")
    processor_hours = models.PositiveIntegerField(help_text="In a calendar month.")
    megabytes = models.PositiveIntegerField(help_text="Open at once.")

    def __str__(self) -> str:
        return f"quota of {self.project.code}"


class Usage(models.Model):
    """What one workspace used in one calendar month. A month that it did not see has no row."""

    session = models.ForeignKey(WorkspaceSession, on_delete=models.PROTECT, related_name="usage")
    month = models.DateField(help_text="The month's first day.")
    begins = models.DateTimeField()
    ends = models.DateTimeField(help_text="As known so far, while the workspace is open.")
    processor_seconds = models.FloatField(default=0, help_text="As measured.")
    memory_peak = models.PositiveBigIntegerField(default=0, help_text="Bytes, as measured.")

    class Meta:
        ordering = ("session", "month")
        constraints = (models.UniqueConstraint(fields=["session", "month"], name="one_usage_a_month"),)

    def __str__(self) -> str:
        return f"{self.session} in {self.month:%B %Y}"


class SentOnDay(models.Model):
    """How many bytes went from a person's notebook servers to their browser on one day."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sent_on")
    day = models.DateField()
    profile = models.CharField(max_length=10, default="standard", help_text="Pixels have a ceiling of their own.")
    sent = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "day", "profile"], name="one_count_a_day"),)

    def __str__(self) -> str:
        return f"{self.sent} bytes on {self.day}"
