"""Research projects, the people in them, the agreements they rest on, and the extracts made for them."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models

from tre.policy.domain import Resource
from tre.projects.applying import CATEGORIES, JUDGEMENTS, SAFES, SECTORS
from tre.projects.domain import Agreed, Life, last_day
from tre.projects.lawful_basis import ARTICLE_6, ARTICLE_9, CommonLaw, LawfulBasis, Use

# The code is a folder's name, a Hub server's name and part of an address.
code_is_a_label = RegexValidator(r"^[a-z][a-z0-9]{1,19}$", "Use 2 to 20 small letters and digits, a letter first.")


class Project(models.Model):
    """One approved purpose for which data may be used."""

    class Status(models.TextChoices):
        """Where a project stands."""

        DRAFT = "draft"
        SUBMITTED = "submitted"
        APPROVED = "approved"
        CLOSED = "closed"

    REGISTERED = (Status.APPROVED, Status.CLOSED)  # what the public register tells: never what was only asked for

    class Profile(models.TextChoices):
        """How its workspaces reach the researcher's browser."""

        STANDARD = "standard", "Standard: JupyterLab in the researcher's browser"
        STRICT = "strict", "Strict: a desktop shown as pixels"

    code = models.CharField(max_length=20, unique=True, validators=[code_is_a_label])
    title = models.CharField(max_length=200)
    purpose = models.TextField(help_text="The lay summary: what it is for, in words for everybody.")
    public_benefit = models.TextField(blank=True, default="")
    technical_summary = models.TextField(blank=True, default="")
    category = models.CharField(
        max_length=40, choices=[(each, each) for each in CATEGORIES], default="Public Health Research"
    )
    organisation = models.CharField(max_length=200, blank=True, default="")
    sector = models.CharField(max_length=60, choices=[(each, each) for each in SECTORS], default="Academic Institute")
    applicants = models.CharField(max_length=400, blank=True, default="", help_text="Names that the register tells.")
    funders = models.CharField(max_length=200, blank=True, default="")
    other_approvals = models.CharField(max_length=200, blank=True, default="")
    five_safes = models.JSONField(default=dict, blank=True, help_text="The applicant's answer by each of the five.")
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
    profile = models.CharField(max_length=10, choices=Profile, default=Profile.STANDARD)
    disclosure_profile = models.CharField(
        max_length=30, blank=True, default="", help_text="Of policies/disclosure.yaml; empty for the organisation's."
    )
    disclosure_threshold = models.PositiveIntegerField(
        null=True, blank=True, help_text="The least people in a count; empty for the profile's."
    )
    gid = models.PositiveIntegerField(unique=True)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="projects")

    class Meta:
        ordering = ("code",)

    def __str__(self) -> str:
        return self.title

    def resource(self) -> Resource:
        """Return the project as the policies see it; approved and out of its dates it is ``over``."""
        over = self.status == self.Status.APPROVED and not self.starts <= date.today() <= self.ends
        return Resource("Project", self.code, {"code": self.code, "status": "over" if over else str(self.status)})


class Membership(models.Model):
    """A named person in a project."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    lead = models.BooleanField(default=False)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "account"], name="member_once"),)

    def __str__(self) -> str:
        return f"{self.account} in {self.project.code}"


class PastMembership(models.Model):
    """Somebody who was in a project that was approved, and is no more: they never review what it asks to let out."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="past_members")
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="past_memberships")
    left = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (models.UniqueConstraint(fields=["project", "account"], name="past_member_once"),)

    def __str__(self) -> str:
        return f"{self.account}, once in {self.project.code}"


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
    use = models.CharField(
        max_length=20, choices=[(each.value, each.value) for each in Use], default=Use.RESEARCH.value
    )
    article_6 = models.CharField(max_length=10, choices=[*ARTICLE_6.items()], default="6(1)(e)")
    article_9 = models.CharField(max_length=10, choices=[*ARTICLE_9.items()], blank=True, default="9(2)(j)")
    common_law = models.CharField(
        max_length=20, choices=[(each.value, each.value) for each in CommonLaw], default=CommonLaw.S251.value
    )
    decision = models.CharField(
        max_length=200, blank=True, default="", help_text="By what decision the national data opt-out does not apply."
    )

    class Meta:
        ordering = ("dataset",)
        constraints = (models.UniqueConstraint(fields=["project", "dataset"], name="one_agreement_per_dataset"),)

    def __str__(self) -> str:
        return f"{self.dataset} for {self.project.code}"

    @staticmethod
    def fields_of(agreed: Agreed) -> dict[str, Any]:
        """Return a plain value as the fields of a row, but for the dataset that it is about."""
        return {
            "controller": agreed.controller, "columns": list(agreed.columns), "first": agreed.first,
            "last": agreed.last, "starts": agreed.starts, "ends": agreed.ends, "linkage": agreed.linkage,
            "generalise": dict(agreed.generalise), **asdict(agreed.basis),
        }  # fmt: skip

    def agreed(self) -> Agreed:
        """Return the agreement as a plain value."""
        return Agreed(
            self.dataset, self.controller, tuple(self.columns), self.first, self.last, self.starts, self.ends,
            self.linkage, self.generalise, self.basis(),
        )  # fmt: skip

    def resource(self) -> Resource:
        """Return the agreement as the policies see it."""
        attributes = {"project": self.project.code, "controller": self.controller}
        return Resource("Agreement", f"{self.project.code}-{self.dataset}", attributes)

    def basis(self) -> LawfulBasis:
        """Return the use and the lawful basis as a plain value."""
        return LawfulBasis(self.use, self.article_6, self.article_9, self.common_law, self.decision)


class Application(models.Model):
    """One round of asking: for a new project, or for more time or other people in one that there is."""

    class Kind(models.TextChoices):
        """What is asked for."""

        NEW = "new", "A new project"
        CHANGE = "change", "A renewal or change"

    class State(models.TextChoices):
        """What has become of it."""

        OPEN = "open", "Waiting for a decision"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="applications")
    kind = models.CharField(max_length=10, choices=Kind)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    ends = models.DateField(help_text="The last day that is asked for.")
    people = models.JSONField(help_text="User names that are asked for; the first leads.")
    why = models.TextField(blank=True, default="")
    profile = models.CharField(
        max_length=10,
        choices=Project.Profile,
        blank=True,
        default="",
        help_text="What the assessment chose for the project's workspaces; empty until then.",
    )
    disclosure_profile = models.CharField(
        max_length=30, blank=True, default="", help_text="What the assessment chose; empty until then."
    )
    disclosure_threshold = models.PositiveIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=64, help_text="Of what is asked for, as it was submitted.")
    asked_by = models.CharField(max_length=32)
    asked = models.DateTimeField(auto_now_add=True)
    decided_by = models.CharField(max_length=32, blank=True, default="")
    decided = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True, default="", help_text="What the decision says.")

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=["project"], condition=models.Q(state="open"), name="one_open_application"),
        )

    def __str__(self) -> str:
        return f"application {self.pk} of {self.project.code}"


class Assessment(models.Model):
    """How one of the five safes was judged in one application."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="assessments")
    safe = models.CharField(max_length=10, choices=[(key, name) for key, (name, _) in SAFES.items()])
    judgement = models.CharField(max_length=10, choices=[*JUDGEMENTS.items()])
    note = models.TextField(blank=True, default="")
    by = models.CharField(max_length=32)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("pk",)
        constraints = (models.UniqueConstraint(fields=["application", "safe"], name="one_judgement_per_safe"),)

    def __str__(self) -> str:
        return f"{self.get_safe_display()}: {self.get_judgement_display()}"


class OwnerDecision(models.Model):
    """What the owner of one dataset decided about one application."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="owner_decisions")
    dataset = models.CharField(max_length=60)
    controller = models.CharField(max_length=200)
    agreed = models.BooleanField()
    note = models.TextField(blank=True, default="")
    by = models.CharField(max_length=32)
    at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("dataset",)
        constraints = (models.UniqueConstraint(fields=["application", "dataset"], name="one_decision_per_dataset"),)

    def __str__(self) -> str:
        return f"{self.dataset}: {'agreed' if self.agreed else 'not agreed'}"


class Closure(models.Model):
    """How a project ended: what became of its people's work."""

    class Keep(models.TextChoices):
        """What becomes of the work."""

        ARCHIVE = "archive", "Archive it"
        DESTROY = "destroy", "Destroy it"

    project = models.OneToOneField(Project, on_delete=models.PROTECT, related_name="closure")
    keep = models.CharField(max_length=10, choices=Keep)
    why = models.TextField()
    asked_by = models.CharField(max_length=32)
    asked = models.DateTimeField(auto_now_add=True)
    done = models.DateTimeField(null=True, blank=True)
    keep_until = models.DateField(null=True, blank=True)
    files = models.PositiveBigIntegerField(null=True, blank=True, help_text="Found before any was removed.")
    size = models.PositiveBigIntegerField(null=True, blank=True, help_text="Their bytes.")
    certificate = models.JSONField(default=dict, blank=True)

    def __str__(self) -> str:
        return f"closure of {self.project.code}"


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
