"""What was landed, what was built from it, and how well it linked."""

from __future__ import annotations

from django.db import models

from tre.catalogue.weights import told_probability


class Submission(models.Model):
    """What a provider sent and landing accepted, whole."""

    identity = models.CharField(max_length=120, unique=True)
    provider = models.CharField(max_length=120)
    controller = models.CharField(max_length=200)
    files = models.JSONField(default=list)
    by = models.CharField(max_length=32)
    number = models.PositiveIntegerField(unique=True, help_text="Its place in the order of landing.")
    landed = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-number",)

    def __str__(self) -> str:
        return self.identity


class Withdrawal(models.Model):
    """A controller's taking back of one dataset of one submission, until nothing of it is left."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="withdrawals")
    dataset = models.CharField(max_length=60)
    reason = models.CharField(max_length=500)
    by = models.CharField(max_length=32)
    at = models.DateTimeField(auto_now_add=True)
    left_landing = models.DateTimeField(null=True, help_text="When landing's own copy was erased.")
    left_warehouse = models.DateTimeField(null=True, help_text="When the versions that held it were erased.")

    class Meta:
        ordering = ("-id",)
        constraints = (models.UniqueConstraint(fields=["submission", "dataset"], name="withdrawn_once"),)

    def __str__(self) -> str:
        return f"{self.dataset} of {self.submission}"


class WarehouseBuild(models.Model):
    """One build of the warehouse: what was linked, how well, and how many were opted out."""

    at = models.DateTimeField(auto_now_add=True)
    by = models.CharField(max_length=32)
    inputs = models.CharField(max_length=64, help_text="Digest of all that it was made from, and of how.")
    after = models.PositiveBigIntegerField(default=0, help_text="Number of the build before it when it began.")
    linkage = models.JSONField(null=True)
    quarantine = models.JSONField(default=list)
    model = models.JSONField(null=True, help_text="The weights of linkage: no person's value is in them.")
    shared = models.JSONField(default=list, help_text="How many persons each two providers share.")
    opted_out = models.PositiveIntegerField(default=0)
    last_submission = models.PositiveIntegerField(
        default=0, help_text="Number of the last submission it was built from: none that landed later is in it."
    )
    last_withdrawal = models.PositiveBigIntegerField(
        default=0, help_text="Number of the last withdrawal that it honours: what was withdrawn later may be in it."
    )

    class Meta:
        ordering = ("-at",)
        constraints = (models.UniqueConstraint(fields=["inputs", "after"], name="built_once"),)

    def __str__(self) -> str:
        return f"build {self.pk}"


class DatasetVersion(models.Model):
    """One version of one warehouse table."""

    dataset = models.CharField(max_length=60)
    version = models.PositiveIntegerField()
    rows = models.PositiveBigIntegerField()
    quarantined = models.PositiveBigIntegerField(default=0)
    first_year = models.PositiveSmallIntegerField(null=True, help_text="Of its events, with enough rows to be told.")
    last_year = models.PositiveSmallIntegerField(null=True)
    build = models.ForeignKey(WarehouseBuild, on_delete=models.PROTECT, related_name="versions")

    class Meta:
        ordering = ("dataset", "-version")
        constraints = (models.UniqueConstraint(fields=["dataset", "version"], name="dataset_version_once"),)

    def __str__(self) -> str:
        return f"{self.dataset} version {self.version}"


class QualityMeasure(models.Model):
    """How many of how many were as they should be: of a submission when it was first built, or of a dataset's build."""

    class Dimension(models.TextChoices):
        """DAMA UK Working Group, "The Six Primary Dimensions for Data Quality Assessment" (2013), without accuracy."""

        COMPLETENESS = "completeness"
        VALIDITY = "validity"
        UNIQUENESS = "uniqueness"
        TIMELINESS = "timeliness"
        CONSISTENCY = "consistency"

    build = models.ForeignKey(WarehouseBuild, on_delete=models.PROTECT, related_name="measures")
    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="measures", null=True)
    dataset = models.CharField(max_length=60)
    field = models.CharField(max_length=60, blank=True, default="")
    dimension = models.CharField(max_length=12, choices=Dimension)
    numerator = models.PositiveBigIntegerField()
    denominator = models.PositiveBigIntegerField()
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("at", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=["submission", "dataset", "field", "dimension"],
                condition=models.Q(submission__isnull=False),
                name="measured_once",
            ),
            models.UniqueConstraint(
                fields=["build", "dataset", "field", "dimension"],
                condition=models.Q(submission__isnull=True),
                name="measured_once_for_a_build",
            ),
        )
        indexes = (models.Index(fields=["dataset", "field", "dimension"], name="measure_of_field"),)

    def __str__(self) -> str:
        return f"{self.dimension} of {self.dataset} {self.field}".rstrip()


class Fault(models.Model):
    """How many rows of a submission's file broke one rule when it was first built. Never which, never a value."""

    submission = models.ForeignKey(Submission, on_delete=models.PROTECT, related_name="faults")
    dataset = models.CharField(max_length=60)
    file = models.CharField(max_length=200)
    field = models.CharField(max_length=200)
    fault = models.CharField(max_length=200)
    rows = models.PositiveBigIntegerField()

    class Meta:
        ordering = ("submission", "dataset", "file", "field", "fault")
        constraints = (
            models.UniqueConstraint(fields=["submission", "dataset", "file", "field", "fault"], name="fault_once"),
        )

    def __str__(self) -> str:
        return f"{self.dataset} {self.field}: {self.fault}"


class DoubtfulPair(models.Model):
    """Two records that may be one person's, for a data manager to decide. It holds no identifier, only agreement."""

    class State(models.TextChoices):
        """What was decided of a pair."""

        OPEN = "open"
        JOINED = "joined", "One person"
        PARTED = "parted", "Two persons"

    pair = models.UUIDField(primary_key=True)
    build = models.ForeignKey(WarehouseBuild, on_delete=models.PROTECT, related_name="doubtful")
    probability = models.FloatField()
    numbers = models.CharField(max_length=10)
    agreement = models.JSONField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    decided_by = models.CharField(max_length=32, blank=True, default="")
    decided = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-probability", "pair")
        indexes = (models.Index(fields=["state", "-probability"], name="doubtful_queue"),)

    def __str__(self) -> str:
        return f"pair {self.pair}"

    @property
    def told_probability(self) -> float:
        """Return how probable it is that they are one person's, as a page and the API tell it."""
        return told_probability(self.probability)
