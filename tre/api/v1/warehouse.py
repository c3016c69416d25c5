"""The warehouse: what landed and how good it was, builds, where tables came from, and taking data back."""

from __future__ import annotations

from django.http import FileResponse, HttpRequest, HttpResponse
from ninja import Router

from tre.api.auth import acts, asks_again, person_of
from tre.api.document import a_file
from tre.api.located import made_at
from tre.api.told.common import Page, PageNumber, cut
from tre.api.told.warehouse import (
    BuildsTold,
    BuildTold,
    StepTold,
    SubmissionName,
    SubmissionRow,
    SubmissionTold,
    WaitingBuild,
    WithdrawalAsked,
    WithdrawalTold,
)
from tre.catalogue.contracts import dataset as contract_of
from tre.catalogue.lineage import steps
from tre.catalogue.models import WarehouseBuild, Withdrawal
from tre.catalogue.reports import as_csv
from tre.catalogue.services import ask_for_build, unfinished_builds
from tre.catalogue.submissions import feedback_of, submission_of, submissions
from tre.catalogue.withdrawals import withdraw
from tre.policy.decision import require
from tre.policy.domain import PLATFORM

router = Router(tags=["Warehouse"])
_CSV = "text/csv"


@router.get("/submissions", response=Page[SubmissionRow])
@acts("read_submissions")
def landed(request: HttpRequest, page: PageNumber = 1) -> Page[SubmissionRow]:
    """List what has landed, newest first."""
    found, more = cut(list(submissions(person_of(request))), page)
    return Page[SubmissionRow](items=[SubmissionRow.of(each) for each in found], page=page, more=more)


@router.get("/submissions/{str:identity}", response=SubmissionTold)
@acts("read_submissions")
def one(request: HttpRequest, identity: SubmissionName) -> SubmissionTold:
    """Show one submission with its quality; small counts are not told."""
    return SubmissionTold.whole(submission_of(identity, person_of(request)))


@router.get("/submissions/{str:identity}/report", openapi_extra=a_file(_CSV))
@acts("read_submissions")
def report(request: HttpRequest, identity: SubmissionName) -> HttpResponse:
    """Send the report for a submission's provider: exact counts of what it sent itself, and never a value."""
    return HttpResponse(as_csv(submission_of(identity, person_of(request))), content_type=_CSV)


@router.get("/submissions/{str:identity}/feedback", openapi_extra=a_file(_CSV))
@acts("land_submission")
def feedback(request: HttpRequest, identity: SubmissionName) -> FileResponse:
    """Send what the newest build found wrong in a submission: file, row and field, never a value."""
    return FileResponse(feedback_of(identity, person_of(request)).open("rb"), content_type=_CSV)


@router.get("/builds", response=BuildsTold)
@acts("read_submissions")
def builds(request: HttpRequest, page: PageNumber = 1) -> BuildsTold:
    """List the builds of the warehouse, newest first, and those that are not done."""
    require(person_of(request), "read_submissions", PLATFORM)
    found, more = cut(list(WarehouseBuild.objects.prefetch_related("versions")), page)
    waiting = [WaitingBuild.of(each) for each in unfinished_builds()]
    return BuildsTold(waiting=waiting, items=[BuildTold.of(each) for each in found], page=page, more=more)


@router.post("/builds", response={202: list[WaitingBuild]})
@acts("build_warehouse")
def build(request: HttpRequest) -> list[WaitingBuild]:
    """Have the warehouse built from everything that has landed; while the same build waits, that one is answered."""
    ask_for_build(person_of(request))
    return [WaitingBuild.of(each) for each in unfinished_builds()]


@router.get("/datasets/{slug:name}/lineage", response=list[StepTold])
@acts("read_submissions")
def lineage(request: HttpRequest, name: str) -> list[StepTold]:
    """Show where a dataset's newest versions came from, and which extracts were made of them."""
    require(person_of(request), "read_submissions", PLATFORM)
    return [StepTold.of(each) for each in steps(contract_of(name).name)]


@router.get("/withdrawals", response=Page[WithdrawalTold])
@acts("withdraw_data")
def withdrawn(request: HttpRequest, page: PageNumber = 1) -> Page[WithdrawalTold]:
    """List what controllers took back, newest first, and how far it is gone."""
    require(person_of(request), "withdraw_data", PLATFORM)
    found, more = cut(list(Withdrawal.objects.select_related("submission")), page)
    return Page[WithdrawalTold](items=[WithdrawalTold.of(each) for each in found], page=page, more=more)


@router.post("/withdrawals", response={201: list[WithdrawalTold]})
@made_at("/withdrawals")
@acts("withdraw_data")
@asks_again
def take_back(request: HttpRequest, asked: WithdrawalAsked) -> list[WithdrawalTold]:
    """Withdraw a submission or a dataset, as its controller asks: nothing of it comes back."""
    return [WithdrawalTold.of(each) for each in withdraw(person_of(request), **asked.model_dump())]
