"""Projects: which there are, what one is for and who is in it, its extracts and its privacy budget."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query, Router

from tre.airlock.release import deliveries
from tre.api.auth import acts, asks_again, person_of
from tre.api.located import made_at
from tre.api.told.common import Number, Page, PageNumber, cut
from tre.api.told.projects import (
    BudgetTold,
    ClosureAsked,
    ExtractTold,
    PriceAsked,
    PriceTold,
    ProjectRow,
    ProjectTold,
    ReasonSaid,
    SpendTold,
    StandingTold,
    TargetChosen,
)
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.privacy.models import Spend
from tre.privacy.prices import budgeted, prices, standings
from tre.projects import closing, lifecycle
from tre.projects.models import Project
from tre.projects.services import ask_for_extract, extract_of, get, visible

router = Router(tags=["Projects"])


@router.get("/projects", response=Page[ProjectRow])
@acts("view_project")
def listed(request: HttpRequest, page: PageNumber = 1) -> Page[ProjectRow]:
    """List the projects that the caller may see."""
    found, more = cut(visible(person_of(request)), page)
    return Page[ProjectRow](items=[ProjectRow.of(each) for each in found], page=page, more=more)


@router.get("/projects/{slug:code}", response=ProjectTold)
@acts("view_project")
def one(request: HttpRequest, code: str) -> ProjectTold:
    """Show one project with its people, agreements and extracts."""
    return ProjectTold.whole(_seen(code, person_of(request)))


@router.get("/projects/{slug:code}/privacy", response=BudgetTold)
@acts("view_project")
def budget(request: HttpRequest, code: str) -> BudgetTold:
    """Show what is left of every privacy ledger that the project's spends touch."""
    project = budgeted(code, person_of(request))
    spends = Spend.objects.filter(ledger__project=project)
    return BudgetTold(
        ledgers=[StandingTold.of(each) for each in standings(project)], spends=[SpendTold.of(each) for each in spends]
    )


@router.get("/projects/{slug:code}/privacy/price", response=list[PriceTold])
@acts("view_project")
def price(request: HttpRequest, code: str, asked: Query[PriceAsked]) -> list[PriceTold]:
    """Say what a choice would cost each ledger; nothing is taken."""
    project = budgeted(code, person_of(request))
    return [PriceTold.of(each) for each in prices(project, epsilon=asked.epsilon, delta=asked.delta)]


@router.post("/projects/{slug:code}/extracts", response={201: ExtractTold})
@made_at("/projects/{code}/extracts/{made[number]}")
@acts("provision_extract")
@asks_again
def provision(request: HttpRequest, code: str) -> ExtractTold:
    """Ask for a project's next extract; while one is being made, that one is answered."""
    return ExtractTold.of(ask_for_extract(code, person_of(request)))


@router.get("/projects/{slug:code}/extracts/{int:number}", response=ExtractTold)
@acts("view_project")
def extract(request: HttpRequest, code: str, number: Number) -> ExtractTold:
    """Show one extract."""
    _seen(code, person_of(request))
    return ExtractTold.of(extract_of(code, number))


@router.post("/projects/{slug:code}/extracts/{int:number}/accept", response=ExtractTold)
@acts("accept_risk")
@asks_again
def accept(request: HttpRequest, code: str, number: Number, said: ReasonSaid) -> ExtractTold:
    """Accept an extract's risk of re-identification."""
    return ExtractTold.of(lifecycle.accept_risk(code, number, said.reason, person_of(request)))


@router.post("/projects/{slug:code}/extracts/{int:number}/destroy", response=ExtractTold)
@acts("destroy_extract")
@asks_again
def destroy(request: HttpRequest, code: str, number: Number, said: ReasonSaid) -> ExtractTold:
    """Have an extract destroyed."""
    return ExtractTold.of(lifecycle.ask_for_destruction(code, number, said.reason, person_of(request)))


@router.get("/projects/{slug:code}/extracts/{int:number}/certificate", response=dict[str, str])
@acts("read_certificate")
def certificate(request: HttpRequest, code: str, number: Number) -> dict[str, str]:
    """Hand out the signed certificate of an extract's destruction."""
    return lifecycle.certificate_of(code, number, person_of(request))


@router.get("/projects/{slug:code}/closure", response=dict[str, str])
@acts("read_certificate")
def closure(request: HttpRequest, code: str) -> dict[str, str]:
    """Hand out the signed certificate of what became of a closed project's work."""
    return closing.closure_certificate(code, person_of(request))


@router.post("/projects/{slug:code}/close", response=ProjectTold)
@acts("close_project")
@asks_again
def close(request: HttpRequest, code: str, asked: ClosureAsked) -> ProjectTold:
    """Close a project for good; its data is destroyed."""
    closing.close_project(code, asked.keep, asked.why, person_of(request))
    return ProjectTold.whole(get(code))


@router.put("/projects/{slug:code}/release-target", response=TargetChosen)
@acts("set_release_target")
@asks_again
def release_target(request: HttpRequest, code: str, chosen: TargetChosen) -> TargetChosen:
    """Choose where a project's later releases may be delivered to; none for nowhere."""
    deliveries.set_targets(get(code), chosen.targets, person_of(request))
    return chosen


def _seen(code: str, person: Principal) -> Project:
    project = get(code)
    require(person, "view_project", project.resource())
    return project
