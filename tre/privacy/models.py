"""The privacy ledgers: what a project, a dataset and the population may lose, and each spend."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from tre.privacy.composition import NO_LOSS, Loss
from tre.privacy.domain import Budget
from tre.projects.models import Project


def no_curve() -> list[int]:
    """Return the curve of no loss."""
    return list(NO_LOSS.curve)


class Ledger(models.Model):
    """The whole privacy budget of a project, of a dataset or of the population. The privacy unit is one person.

    What was lost so far is kept beside it, so that a spend need not read all those before it.
    """

    class Scope(models.TextChoices):
        """Whose budget it is."""

        PROJECT = "project"
        DATASET = "dataset"
        POPULATION = "population"

    scope = models.CharField(max_length=10, choices=Scope, default=Scope.PROJECT)
    name = models.CharField(max_length=60, help_text="The project's code, or the name of the dataset or population.")
    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="ledger", null=True)
    epsilon = models.DecimalField(max_digits=12, decimal_places=6)
    delta = models.DecimalField(max_digits=14, decimal_places=12)
    lost_delta = models.DecimalField(max_digits=14, decimal_places=12, default=0)
    lost_curve = models.JSONField(default=no_curve)

    class Meta:
        ordering = ("id",)
        constraints = (models.UniqueConstraint(fields=["scope", "name"], name="one_ledger_for_each"),)

    def __str__(self) -> str:
        return f"{self.scope} {self.name}: {self.epsilon}"

    def allowed(self) -> Budget:
        """Return the whole budget."""
        return Budget(self.epsilon, self.delta)

    def lost(self) -> Loss:
        """Return what was reserved or committed so far."""
        return Loss(tuple(self.lost_curve), self.lost_delta)

    def keep(self, loss: Loss) -> None:
        """Write what is lost now; the caller holds the row's lock."""
        self.lost_curve, self.lost_delta = list(loss.curve), loss.delta
        self.save(update_fields=["lost_curve", "lost_delta"])

    def subject(self) -> str:
        """Return what the audit log calls it."""
        return f"{self.scope}:{self.name}"


class Spend(models.Model):
    """One reservation of budget; committed before it is used, refunded when provably nothing was.

    Its epsilon and delta are what it comes to by itself. Its curve is what it adds to each ledger that it touches: by
    its mechanism where that is told, and else by epsilon and delta alone.
    """

    class State(models.TextChoices):
        """Where a spend stands."""

        RESERVED = "reserved"
        COMMITTED = "committed"
        REFUNDED = "refunded"

    class Origin(models.TextChoices):
        """Who took it: a notebook, which is the researcher's code, or a job of the platform's own."""

        NOTEBOOK = "notebook"
        PLATFORM = "platform"

    class Buys(models.TextChoices):
        """What it pays for: a model, when one is released, or the answer of a private question, and nothing more."""

        MODEL = "model"
        ANSWER = "answer"

    ledger = models.ForeignKey(Ledger, on_delete=models.PROTECT, related_name="spends")
    epsilon = models.DecimalField(max_digits=12, decimal_places=6)
    delta = models.DecimalField(max_digits=14, decimal_places=12)
    purpose = models.CharField(max_length=200)
    by = models.CharField(max_length=32)
    state = models.CharField(max_length=10, choices=State, default=State.RESERVED)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.NOTEBOOK)
    buys = models.CharField(max_length=6, choices=Buys, default=Buys.MODEL)
    once = models.CharField(max_length=120, unique=True)
    mechanism = models.JSONField(default=dict)
    curve = models.JSONField(default=no_curve)
    touched = models.ManyToManyField(Ledger, related_name="touching")
    created = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.epsilon} for {self.purpose} ({self.state})"

    def loss(self) -> Loss:
        """Return what it adds to a ledger."""
        return Loss(tuple(self.curve), Decimal(0) if self.mechanism else self.delta)

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
