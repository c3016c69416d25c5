"""Tokens, of which only a hash is kept, and the answers that are given again to a call that is sent again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from tre.projects.models import Project


class Token(models.Model):
    """What a program shows in a person's name. What it may do is asked anew at each call."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_tokens")
    name = models.CharField(max_length=60)
    scopes = models.JSONField(default=list, help_text="Names of scopes of policies/api.yaml.")
    project = models.ForeignKey(
        Project, null=True, on_delete=models.PROTECT, related_name="+", help_text="The only one; none for all."
    )
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the token.")
    begins = models.CharField(max_length=12, help_text="Its first letters, which lists show.")
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    last_used = models.DateTimeField(null=True)
    revoked = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=32, blank=True, default="")

    class Meta:
        ordering = ("-id",)

    def __str__(self) -> str:
        return f"token {self.pk}"

    @property
    def state(self) -> str:
        """Return what has become of it: ``in use``, ``revoked`` or ``ended``."""
        if self.revoked is not None:
            return "revoked"
        return "ended" if timezone.now() >= self.expires else "in use"


class Answer(models.Model):
    """The answer to a call that named an Idempotency-Key, kept in the transaction of what the call did."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key_hash = models.CharField(max_length=64, help_text="SHA-256 of the key.")
    asked = models.CharField(max_length=64, help_text="SHA-256 of what was asked: method, path and body.")
    body = models.JSONField(null=True)
    at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["account", "key_hash"], name="one_answer_to_a_key"),)

    def __str__(self) -> str:
        return f"answer {self.pk}"
