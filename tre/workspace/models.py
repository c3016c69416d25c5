"""Open workspaces: which person works in which project, and the token by which the platform knows it."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from tre.people.models import Account
from tre.people.services import principal_of
from tre.policy.domain import Principal
from tre.projects.models import Project


class WorkspaceSession(models.Model):
    """One notebook server's life. The token is kept as its hash; the door outside the sandbox holds the token."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="sessions")
    token_hash = models.CharField(max_length=64, unique=True)
    opened = models.DateTimeField(auto_now_add=True)
    closed = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"workspace {self.pk}"

    def principal(self) -> Principal:
        """Return the person as the policies see them; a workspace only ever opens after a second factor."""
        account = Account.objects.get(pk=self.account_id)
        return principal_of(account, used_second_factor=True)
