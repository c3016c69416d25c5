"""The log's two tables: its entries, and the state of its tree."""

from __future__ import annotations

from django.db import models


class Entry(models.Model):
    """One thing that happened. Never changed, never deleted: the database's own triggers refuse both."""

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    event = models.CharField(max_length=80, db_index=True)
    actor = models.CharField(max_length=150, db_index=True)
    subject = models.CharField(max_length=200, db_index=True)
    data = models.JSONField(default=dict)
    once = models.CharField(max_length=200, unique=True, null=True)
    previous = models.CharField(max_length=64)
    leaf = models.CharField(max_length=64)

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.number} {self.event}"


class Head(models.Model):
    """The tree over all entries: a single row, locked by whoever appends."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField(default=0)
    subtrees = models.TextField(default="", blank=True)

    def __str__(self) -> str:
        return f"audit head at {self.size}"
