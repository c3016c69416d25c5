"""What somebody is told, and how each person wants to be told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from tre.notices.domain import HOW, KINDS, How, Words

_MAIL = [("once", HOW["once"]), ("daily", HOW["daily"])]


class Notice(models.Model):
    """One thing that one person is told, once."""

    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=30, choices=[(kind, words.title) for kind, words in KINDS.items()])
    about = models.CharField(max_length=60, help_text="As the audit log names it, such as request:7.")
    text = models.TextField(blank=True, default="", help_text="What somebody wrote: shown in the page, never sent.")
    once = models.CharField(max_length=100, help_text="The name of this very happening.")
    at = models.DateTimeField(default=timezone.now)
    read = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=5, choices=_MAIL, blank=True, default="", help_text="How it is sent, if at all.")
    sent = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["once", "account"], name="notice_once"),)
        indexes = (
            models.Index(fields=["account"], condition=models.Q(read=None), name="notice_unread"),
            models.Index(fields=["at"], condition=models.Q(sent=None) & ~models.Q(mail=""), name="notice_unsent"),
        )

    def __str__(self) -> str:
        return f"notice {self.pk}"

    @property
    def words(self) -> Words:
        """Return what its kind says."""
        return next(words for kind, words in KINDS.items() if kind == self.kind)

    @property
    def name(self) -> str:
        """Return what it is about, for who reads it in the page."""
        what, _, which = self.about.partition(":")
        if what == "extract":
            code, _, number = which.partition(":")
            return f"Extract {number} of {code}"
        return f"{what.capitalize()} {which}"


class Choice(models.Model):
    """How one person wants to be told, where they have chosen."""

    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="notice_choice")
    how = models.CharField(max_length=5, choices=[*HOW.items()])

    def __str__(self) -> str:
        return self.how

    def chosen(self) -> How:
        """Return it as the rules know it."""
        return next(each for each in HOW if each == self.how)
