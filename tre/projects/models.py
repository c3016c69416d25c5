"""Research projects, the people in them, the agreements they rest on, and the extracts made for them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from tre.policy.domain import Resource
from tre.projects.domain import Agreed, Life, last_day

# The code is a folder's name, a Hub server's name and part of an address.
code_is_a_label = RegexValidator(r"^[a-z][a-z0-9]{1,19}$", "Use 2 to 20 small letters and digits, a letter first.")


class Project(models.Model):
    """One approved purpose for which data may be used."""

    class Status(models.TextChoices):
        """Where a project stands."""

        DRAFT = "draft"
        APPROVED = "approved"
        CLOSED = "closed"

    code = models.CharField(max_length=20, unique=True, validators=[code_is_a_label])
    title = models.CharField(max_length=200)
    purpose = models.TextField()
    cohort = models.TextField(blank=True, default="", help_text="Which persons, as a condition on the people table.")
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT)
    starts = models.DateField()
    ends = models.DateField()
    sample_fraction = models.DecimalField(
        max_digits=5,
        decimal_places=4,
        default=Decimal(1),
        validators=[MinValueValidator(Decimal("0.0001")), MaxValueValidator(Decimal(1))],
    )
    sample_seed = models.PositiveIntegerField(default=1)
    floor = models.PositiveIntegerField(null=True, blank=True, help_text="The least k; empty for the policy's.")
    gid = models.PositiveIntegerField(unique=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="projects")

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.title

    def resource(self) -> Resource:
        """Return the project as the policies see it; out of its dates it is as good as closed."""
        over = self.status == self.Status.APPROVED and not self.starts <= date.today() <= self.ends
        status = self.Status.CLOSED if over else self.status
        return Resource("Project", self.code, {"code": self.code, "status": str(status)})


class Membership(models.Model):
    """A named person in a project."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    lead = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "account"], name="member_once"),)

    def __str__(self) -> str:
        return f"{self.account} in {self.project.code}"


class Agreement(models.Model):
    """What one controller agreed to share with a project."""

    class Linkage(models.TextChoices):
        """Whose pseudonyms the rows have."""

        PROJECT = "project", "Joins with the project's other tables"
        TABLE = "table", "Pseudonyms of this table alone"
        NONE = "none", "No pseudonyms"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="agreements")
    dataset = models.CharField(max_length=60)
    controller = models.CharField(max_length=200)
    columns = models.JSONField()
    first = models.DateField(null=True, blank=True)
    last = models.DateField(null=True, blank=True)
    starts = models.DateField()
    ends = models.DateField()
    linkage = models.CharField(max_length=10, choices=Linkage, default=Linkage.PROJECT)
    generalise = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("dataset",)
        constraints = (models.UniqueConstraint(fields=["project", "dataset"], name="one_agreement_per_dataset"),)

    def __str__(self) -> str:
        return f"{self.dataset} for {self.project.code}"

    def agreed(self) -> Agreed:
        """Return the agreement as a plain value."""
        return Agreed(
            self.dataset, self.controller, tuple(self.columns), self.first, self.last, self.starts, self.ends,
            self.linkage, self.generalise,
        )  # fmt: skip


class Approval(models.Model):
    """Who approved a project, when, and the digest of what was approved."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="approvals")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    at = models.DateTimeField(auto_now_add=True)
    digest = models.CharField(max_length=64, default="")

    def __str__(self) -> str:
        return f"{self.project.code} by {self.account}"


class Extract(models.Model):
    """One provisioning of a project's data, by number."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="extracts")
    number = models.PositiveIntegerField()
    manifest = models.JSONField(default=dict)
    persons = models.PositiveIntegerField(default=0)
    ready = models.BooleanField(default=False)
    failed = models.BooleanField(default=False, help_text="Given up: the next one takes its place.")
    asked_by = models.CharField(max_length=32)
    created = models.DateTimeField(auto_now_add=True)
    expires = models.DateField(null=True, blank=True)
    held = models.BooleanField(default=False, help_text="Its risk is over what the policy lets pass.")
    accepted_by = models.CharField(max_length=32, blank=True, default="")
    accepted_why = models.TextField(blank=True, default="")
    end_asked_by = models.CharField(max_length=32, blank=True, default="")
    end_why = models.TextField(blank=True, default="")
    destroyed = models.DateTimeField(null=True, blank=True)
    certificate = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ("project", "-number")
        constraints = (models.UniqueConstraint(fields=["project", "number"], name="extract_number"),)

    def __str__(self) -> str:
        return f"extract {self.number} of {self.project.code}"

    @property
    def ends(self) -> date:
        """Return the last day on which it may be used."""
        agreements = [agreement.ends for agreement in self.project.agreements.all()]
        return last_day(self.expires, self.project.ends, agreements)

    @property
    def state(self) -> str:
        """Return where it stands today, one of :data:`tre.projects.domain.STATES`."""
        life = Life(self.ready, self.held, self.ends, bool(self.end_asked_by), self.destroyed is not None)
        return life.state(date.today())
