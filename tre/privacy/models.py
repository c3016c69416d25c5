"""The privacy ledger: what a project may spend, and each spend."""

from __future__ import annotations

from django.db import models

from tre.privacy.domain import Budget
from tre.projects.models import Project


class Ledger(models.Model):
    """A project's whole privacy budget. The privacy unit is one person."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="ledger")
    epsilon = models.DecimalField(max_digits=12, decimal_places=6)
    delta = models.DecimalField(max_digits=14, decimal_places=12)

    def __str__(self) -> str:
        return f"{self.project.code}: {self.epsilon}"

    def allowed(self) -> Budget:
        """Return the whole budget."""
        return Budget(self.epsilon, self.delta)


class Spend(models.Model):
    """One reservation of budget; committed when used, refunded when provably not."""

    class State(models.TextChoices):
        """Where a spend stands."""

        RESERVED = "reserved"
        COMMITTED = "committed"
        REFUNDED = "refunded"

    ledger = models.ForeignKey(Ledger, on_delete=models.PROTECT, related_name="spends")
    epsilon = models.DecimalField(max_digits=12, decimal_places=6)
    delta = models.DecimalField(max_digits=14, decimal_places=12)
    purpose = models.CharField(max_length=200)
    by = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=State, default=State.RESERVED)
    once = models.CharField(max_length=120, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.epsilon} for {self.purpose} ({self.state})"

    def amount(self) -> Budget:
        """Return what was spent."""
        return Budget(self.epsilon, self.delta)
