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
    """One reservation of budget; committed before it is used, refunded when provably nothing was."""

    class State(models.TextChoices):
        """Where a spend stands."""

        RESERVED = "reserved"
        COMMITTED = "committed"
        REFUNDED = "refunded"

    class Origin(models.TextChoices):
        """Who took it: a notebook, which is the researcher's code, or a job of the platform's own."""

        NOTEBOOK = "notebook"
        PLATFORM = "platform"

    ledger = models.ForeignKey(Ledger, on_delete=models.PROTECT, related_name="spends")
    epsilon = models.DecimalField(max_digits=12, decimal_places=6)
    delta = models.DecimalField(max_digits=14, decimal_places=12)
    purpose = models.CharField(max_length=200)
    by = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=State, default=State.RESERVED)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.NOTEBOOK)
    once = models.CharField(max_length=120, unique=True)
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.epsilon} for {self.purpose} ({self.state})"

    def amount(self) -> Budget:
        """Return what was spent."""
        return Budget(self.epsilon, self.delta)


class Payment(models.Model):
    """What one spend paid for: a single model, known by the SHA-256 of its weights."""

    spend = models.OneToOneField(Spend, on_delete=models.PROTECT, related_name="payment")
    model = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"spend {self.spend_id} paid for {self.model[:12]}"
