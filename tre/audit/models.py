"""The log's tables: its entries, the state of its tree, and hashes that its proofs are made from."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One thing that happened. Never changed, never deleted: the database's own triggers refuse both."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    event = models.CharField(max_length=80)
    actor = models.CharField(max_length=150)
    subject = models.CharField(max_length=200)
    data = models.JSONField(default=dict)
    once = models.CharField(max_length=200, unique=True, null=True)
    previous = models.CharField(max_length=64)
    leaf = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)
        indexes = (
            models.Index(fields=["event", "number"], name="audit_entry_by_event"),
            models.Index(fields=["actor", "number"], name="audit_entry_by_actor"),
            models.Index(fields=["subject", "number"], name="audit_entry_by_subject"),
            models.Index(fields=["at"], name="audit_entry_by_at"),
        )

    def __str__(self) -> str:
        return f"{self.number} {self.event}"


class Head(models.Model):
    """The tree over all entries: a single row, locked by whoever appends."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    subtrees = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"audit head at {self.size}"


class Subtree(models.Model):
    """The root of the largest full subtree that ends with an entry, kept after every :data:`~.domain.KEPT_EVERY`.

    It follows from the entries and is no evidence: a proof made from an altered one is refused when it is checked.
    """

    end = models.BigIntegerField(primary_key=True)
    root = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"audit subtree that ends with {self.end}"
