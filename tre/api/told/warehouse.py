"""What landed, how good it was, what was built from it and what was taken back. Small counts are not told."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import Field, StringConstraints

from tre.api.told.common import Line
from tre.catalogue.lineage import Step
from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild, Withdrawal
from tre.catalogue.pages import held
from tre.catalogue.quality import in_words
from tre.catalogue.suppression import told
from tre.runs.models import Job

SubmissionName = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\u0000]*$")]


class SubmissionRow(Schema):
    """One submission in a list."""

    identity: str
    number: int = Field(description="Its place in the order of landing.")
    provider: str
    controller: str
    landed: datetime
    datasets: list[str]

    @classmethod
    def of(cls, found: Submission) -> SubmissionRow:
        """Return a submission as a list tells it."""
        return cls(
            identity=found.identity, number=found.number, provider=found.provider, controller=found.controller,
            landed=found.landed, datasets=sorted({str(each["dataset"]) for each in found.files}),
        )  # fmt: skip


class MeasureTold(Schema):
    """How much of a dataset of a submission was as it should be, in one dimension, as its page tells it."""

    dataset: str
    dimension: str
    share: str


class FaultTold(Schema):
    """How many rows broke one rule, as the page tells it: never which, never a value."""

    dataset: str
    file: str
    field: str
    fault: str
    rows: str


class SubmissionTold(SubmissionRow):
    """One submission with its quality."""

    measures: list[MeasureTold]
    faults: list[FaultTold]

    @classmethod
    def whole(cls, found: Submission) -> SubmissionTold:
        """Return a submission as it is told."""
        measures = [
            MeasureTold(dataset=each.dataset, dimension=each.dimension, share=in_words(each))
            for each in found.measures.filter(field="").order_by("dataset", "dimension")
        ]
        faults = [
            FaultTold(dataset=each.dataset, file=each.file, field=each.field, fault=each.fault, rows=told(each.rows))
            for each in found.faults.all()
        ]
        return cls(**SubmissionRow.of(found).model_dump(), measures=measures, faults=faults)


class VersionTold(Schema):
    """One version of a table."""

    dataset: str
    version: int
    rows: str
    quarantined: str

    @classmethod
    def of(cls, found: DatasetVersion) -> VersionTold:
        """Return a version as it is told."""
        shown = held(found)
        return cls(dataset=found.dataset, version=found.version, rows=shown.rows, quarantined=shown.quarantined)


class BuildTold(Schema):
    """One build of the warehouse that is done."""

    number: int
    at: datetime
    by: str
    last_submission: int = Field(description="The number of the last submission in it.")
    tables: list[VersionTold]

    @classmethod
    def of(cls, found: WarehouseBuild) -> BuildTold:
        """Return a build as it is told."""
        return cls(
            number=found.pk, at=found.at, by=found.by, last_submission=found.last_submission,
            tables=[VersionTold.of(each) for each in found.versions.all()],
        )  # fmt: skip


class WaitingBuild(Schema):
    """One build that is not done: queued, running, or given up."""

    state: str
    asked: datetime
    attempts: int

    @classmethod
    def of(cls, job: Job) -> WaitingBuild:
        """Return a build that waits as it is told."""
        return cls(state=job.state, asked=job.created, attempts=job.attempts)


class BuildsTold(Schema):
    """Builds that are not done, and a page of those that are, newest first."""

    waiting: list[WaitingBuild]
    items: list[BuildTold]
    page: int
    more: bool


class WithdrawalTold(Schema):
    """One dataset of one submission that its controller took back."""

    number: int
    submission: str
    dataset: str
    reason: str
    by: str
    at: datetime
    left_landing: datetime | None
    left_warehouse: datetime | None

    @classmethod
    def of(cls, found: Withdrawal) -> WithdrawalTold:
        """Return a withdrawal as it is told."""
        return cls(
            number=found.pk, submission=found.submission.identity, dataset=found.dataset, reason=found.reason,
            by=found.by, at=found.at, left_landing=found.left_landing, left_warehouse=found.left_warehouse,
        )  # fmt: skip


class WithdrawalAsked(Schema):
    """A controller's wish: a submission, a dataset of every submission, or a dataset of one, and why."""

    submission: SubmissionName = ""
    dataset: Line = ""
    reason: Annotated[str, StringConstraints(max_length=500, pattern=r"^[^\u0000]*$")]


class ExtractNamed(Schema):
    """One extract that holds a version."""

    project: str
    number: int


class StepTold(Schema):
    """One version of a table: the build that made it, what that was made from, and which extracts hold it."""

    version: VersionTold
    built: datetime
    submissions: list[str] = Field(description="The newest of them.")
    more_submissions: int = Field(description="How many more there are.")
    extracts: list[ExtractNamed]

    @classmethod
    def of(cls, step: Step) -> StepTold:
        """Return a version with its lineage as it is told."""
        return cls(
            version=VersionTold.of(step.version), built=step.version.build.at,
            submissions=[each.identity for each in step.listed], more_submissions=step.more,
            extracts=[ExtractNamed(project=each.project, number=each.number) for each in step.extracts],
        )  # fmt: skip
