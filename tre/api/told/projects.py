"""Projects, what they ask for and how it was judged, their extracts and privacy budgets."""

from __future__ import annotations

from datetime import date, datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from tre.api.told.common import Code, Line, Note, Text
from tre.privacy.models import Spend
from tre.privacy.prices import Price, Standing
from tre.projects import applications
from tre.projects.applying import SAFES
from tre.projects.domain import Agreed
from tre.projects.lawful_basis import LawfulBasis
from tre.projects.models import Agreement, Application, Extract, Project
from tre.projects.services import DETAILS

Username = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}[a-z0-9]$")]
Usernames = Annotated[list[Username], Field(max_length=100)]
EPSILON, DELTA = Decimal("0.001"), Decimal("0.000000001")  # the finest that is told of a budget
Column = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}$")]


class ProjectRow(Schema):
    """One project in a list."""

    code: str
    title: str
    status: str = Field(description="As the policies see it: one that is approved and out of its dates is over.")
    starts: date
    ends: date

    @classmethod
    def of(cls, found: Project) -> ProjectRow:
        """Return a project as a list tells it."""
        status = found.resource().attributes["status"]
        return cls(code=found.code, title=found.title, status=status, starts=found.starts, ends=found.ends)


class AgreementTold(Schema):
    """What a project has, or asks for, of one dataset."""

    dataset: str
    controller: str
    columns: list[str]
    first: date | None
    last: date | None
    linkage: str
    generalise: dict[str, Any]
    use: str
    article_6: str
    article_9: str
    common_law: str
    decision: str

    @classmethod
    def of(cls, found: Agreement) -> AgreementTold:
        """Return an agreement as it is told."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class ExtractTold(Schema):
    """One extract of a project's data. Its rows are in the workspace, and nowhere else."""

    number: int
    state: str
    created: datetime
    asked_by: str
    expires: date | None
    persons: int
    accepted_by: str
    destroyed: datetime | None
    risk: dict[str, Any] | None
    tables: list[str]

    @classmethod
    def of(cls, found: Extract) -> ExtractTold:
        """Return an extract as it is told."""
        return cls(
            number=found.number, state=found.state, created=found.created, asked_by=found.asked_by,
            expires=found.expires, persons=found.persons, accepted_by=found.accepted_by, destroyed=found.destroyed,
            risk=found.manifest.get("risk"), tables=[each["name"] for each in found.manifest.get("tables", ())],
        )  # fmt: skip


class ProjectTold(ProjectRow):
    """One project whole."""

    purpose: str
    cohort: str
    details: dict[str, str] = Field(description="What the application tells in words, as the public register does.")
    five_safes: dict[str, str]
    profile: str
    members: list[str] = Field(description="User names; the first leads.")
    agreements: list[AgreementTold]
    extracts: list[ExtractTold]

    @classmethod
    def whole(cls, found: Project) -> ProjectTold:
        """Return a project as it is told."""
        return cls(
            **ProjectRow.of(found).model_dump(), purpose=found.purpose, cohort=found.cohort, profile=found.profile,
            details={name: str(getattr(found, name)) for name in DETAILS if name != "five_safes"},
            five_safes={safe: str(found.five_safes.get(safe, "")) for safe in SAFES},
            members=applications.members_of(found),
            agreements=[AgreementTold.of(each) for each in found.agreements.all()],
            extracts=[ExtractTold.of(each) for each in found.extracts.all()],
        )  # fmt: skip


class JudgementTold(Schema):
    """How one of the five safes was judged."""

    safe: str
    judgement: str
    note: str
    by: str


class OwnerTold(Schema):
    """What the owner of one dataset decided."""

    dataset: str
    agreed: bool
    note: str
    by: str


class ApplicationTold(Schema):
    """One round of asking: for a new project, or for a change."""

    kind: str
    state: str
    asked_by: str
    asked: datetime
    ends: date
    people: list[str]
    why: str
    decided_by: str
    decided: datetime | None
    note: str
    missing: str = Field(description="What stands against an approval now, while it waits for one.")
    judgements: list[JudgementTold]
    owners: list[OwnerTold]

    @classmethod
    def of(cls, found: Application) -> ApplicationTold:
        """Return an application as it is told."""
        told = {name: getattr(found, name) for name in cls.model_fields if hasattr(found, name)}
        judged = [
            JudgementTold(safe=each.safe, judgement=each.judgement, note=each.note, by=each.by)
            for each in found.assessments.all()
        ]
        owners = [
            OwnerTold(dataset=each.dataset, agreed=each.agreed, note=each.note, by=each.by)
            for each in found.owner_decisions.all()
        ]
        waits = found.state == Application.State.OPEN
        return cls(**told, missing=applications.missing(found) if waits else "", judgements=judged, owners=owners)


def _coarse(value: Decimal, *, of: Decimal = EPSILON, down: bool = False) -> Decimal:
    return value.quantize(of, ROUND_FLOOR if down else ROUND_CEILING)


class StandingTold(Schema):
    """How one privacy ledger stands. The privacy unit is one person; numbers are decimals, as texts.

    They are as coarse as on the ledgers' page: a notebook chooses what it spends, and finer digits, read outside,
    would carry words past the airlock.
    """

    scope: str
    name: str
    epsilon: Decimal
    delta: Decimal
    spent_epsilon: Decimal
    spent_delta: Decimal
    left_epsilon: Decimal
    left_delta: Decimal

    @classmethod
    def of(cls, found: Standing) -> StandingTold:
        """Return a standing as it is told: what is spent rounded up, what is left rounded down."""
        return cls(
            scope=found.scope, name=found.name,
            epsilon=found.epsilon, spent_epsilon=_coarse(found.spent_epsilon),
            left_epsilon=_coarse(found.left_epsilon, down=True),
            delta=found.delta, spent_delta=_coarse(found.spent_delta, of=DELTA),
            left_delta=_coarse(found.left_delta, of=DELTA, down=True),
        )  # fmt: skip


class SpendTold(Schema):
    """One spend of a project's privacy budget. Its purpose is a notebook's words, and stays on the page."""

    by: str
    epsilon: Decimal
    delta: Decimal
    state: str
    created: datetime

    @classmethod
    def of(cls, spend: Spend) -> SpendTold:
        """Return a spend as it is told."""
        return cls(
            by=spend.by, epsilon=_coarse(spend.epsilon), delta=_coarse(spend.delta, of=DELTA), state=spend.state,
            created=spend.created.replace(second=0, microsecond=0),
        )  # fmt: skip


class BudgetTold(Schema):
    """Every ledger that a project's spends touch, and its spends."""

    ledgers: list[StandingTold]
    spends: list[SpendTold]


class PriceTold(Schema):
    """What one choice would cost one ledger; nothing is taken by asking."""

    scope: str
    name: str
    epsilon: Decimal
    added: Decimal | None
    covered: bool

    @classmethod
    def of(cls, price: Price) -> PriceTold:
        """Return a price as it is told."""
        added = None if price.added is None else _coarse(price.added)
        return cls(scope=price.scope, name=price.name, epsilon=price.epsilon, added=added, covered=price.covered)


class PriceAsked(Schema):
    """A choice: epsilon and delta of one spend."""

    epsilon: Annotated[Decimal, Field(ge=0, le=99, max_digits=8, decimal_places=6)]
    delta: Annotated[Decimal, Field(ge=0, le=Decimal("0.1"), max_digits=13, decimal_places=12)] = Decimal("0.000001")


class SafesAnswered(Schema):
    """The applicant's answer to each of the five safes; all are needed before the application is submitted."""

    people: Text = ""
    projects: Text = ""
    settings: Text = ""
    data: Text = ""
    outputs: Text = ""


class DetailsSaid(Schema):
    """What an application says of the project, and the public register with it."""

    title: Line
    purpose: Text
    public_benefit: Text
    technical_summary: Text
    category: Line
    organisation: Line
    sector: Line
    applicants: Annotated[str, StringConstraints(max_length=400, pattern=r"^[^\u0000]*$")]
    funders: Line = ""
    other_approvals: Line = ""
    starts: date
    ends: date
    people: Usernames = Field(default_factory=list)
    cohort: Text = ""
    five_safes: SafesAnswered

    def told(self) -> dict[str, Any]:
        """Return the values as the services take them."""
        told = self.model_dump()
        told["five_safes"] = {safe: answer.strip() for safe, answer in told["five_safes"].items()}
        return told


class ApplicationBegun(DetailsSaid):
    """A new application, with the code that the project is to have."""

    code: Code


class DatasetAsked(Schema):
    """What is asked for of a dataset, and on what basis."""

    columns: Annotated[list[Column], Field(max_length=500)]
    first: date | None = None
    last: date | None = None
    linkage: Literal["project", "table", "none"] = "project"
    generalise: Annotated[dict[Column, dict[Line, str | int]], Field(max_length=500)] = Field(default_factory=dict)
    use: Line = "research"
    article_6: Line = "6(1)(e)"
    article_9: Line = "9(2)(j)"
    common_law: Line = "s251"
    decision: Line = ""

    def agreed(self, dataset: str, project: Project) -> Agreed:
        """Return what is asked for, for a project of these dates; the services fill in whose the dataset is."""
        basis = LawfulBasis(self.use, self.article_6, self.article_9, self.common_law, self.decision)
        return Agreed(
            dataset, "", tuple(self.columns), self.first, self.last, project.starts, project.ends, self.linkage,
            self.generalise, basis,
        )  # fmt: skip


class ChangeAsked(Schema):
    """More time, or other people."""

    ends: date
    lead: Username
    people: Usernames = Field(default_factory=list)
    why: Note


class JudgementSaid(Schema):
    """How one of the five safes is judged, and why."""

    judgement: Literal["met", "conditions", "not_met"]
    note: Note = ""


class SafesJudged(Schema):
    """How each of the five safes is judged."""

    people: JudgementSaid
    projects: JudgementSaid
    settings: JudgementSaid
    data: JudgementSaid
    outputs: JudgementSaid


class AssessmentSaid(Schema):
    """How the five safes are judged, and what the project's workspaces and outputs are held to."""

    five_safes: SafesJudged
    profile: Literal["standard", "strict"]
    disclosure_profile: Line = ""
    disclosure_threshold: Annotated[int, Field(ge=1, le=10_000)] | None = None

    def judgements(self) -> dict[str, tuple[str, str]]:
        """Return the judgement and the note by each safe."""
        return {safe: (each["judgement"], each["note"]) for safe, each in self.five_safes.model_dump().items()}


class OwnerSaid(Schema):
    """Whether a dataset's owner agrees."""

    agree: bool
    note: Note = ""


class NoteSaid(Schema):
    """What a decision says."""

    note: Note = ""


class ReasonSaid(Schema):
    """Why it is asked for."""

    reason: Annotated[Note, StringConstraints(min_length=1)]


class ClosureAsked(Schema):
    """What becomes of a project's work, and why."""

    keep: Literal["archive", "destroy"]
    why: Annotated[Note, StringConstraints(min_length=1)]


class TargetChosen(Schema):
    """The names of places that the operator has named; none for nowhere."""

    targets: Annotated[list[Line], Field(max_length=20)]
