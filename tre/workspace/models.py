"""Open workspaces: which person works in which project, and the token by which the platform knows it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.decision import decide
from tre.policy.domain import Principal, Resource
from tre.projects.models import Project


class WorkspaceSession(models.Model):
    """One notebook server's life. The token is kept as its hash; the door outside the sandbox holds the token."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="sessions")
    token_hash = models.CharField(max_length=64, unique=True)
    opened = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True)
    sent = models.PositiveBigIntegerField(default=0, help_text="Bytes from its server to the person's browser.")

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


class SentOnDay(models.Model):
    """How many bytes went from a person's notebook servers to their browser on one day."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="sent_on")
    day = models.DateField()
    sent = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "day"], name="one_count_a_day"),)

    def __str__(self) -> str:
        return f"{self.sent} bytes on {self.day}"
