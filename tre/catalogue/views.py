"""The catalogue's pages."""

from __future__ import annotations

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.catalogue.contracts import dataset, datasets
from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild, Withdrawal
from tre.catalogue.services import ask_for_build
from tre.catalogue.withdrawals import withdraw
from tre.config.options import load
from tre.errors import Refused
from tre.people.services import principal
from tre.policy.decision import decide, require
from tre.policy.domain import PLATFORM


@require_safe
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show every dataset there is a contract for, and what the warehouse holds of it."""
    person = principal(request)
    require(person, "read_catalogue", PLATFORM)
    newest: dict[str, DatasetVersion] = {}
    for version in DatasetVersion.objects.order_by("dataset", "version"):
        newest[version.dataset] = version
    rows = [(each, newest.get(each.name)) for each in datasets().values()]
    build = WarehouseBuild.objects.first()
    may_build = decide(person, "build_warehouse", PLATFORM).allowed
    submissions = Submission.objects.all() if may_build else ()
    may_withdraw = decide(person, "withdraw_data", PLATFORM).allowed
    withdrawals = Withdrawal.objects.select_related("submission") if may_withdraw else ()
    page = {
        "rows": rows, "build": build, "may_build": may_build, "submissions": submissions,
        "may_withdraw": may_withdraw, "withdrawals": withdrawals,
    }  # fmt: skip
    page["may_review_linkage"] = decide(person, "review_linkage", PLATFORM).allowed
    return render(request, "catalogue/list.html", page)


@require_safe
def one(request: HttpRequest, name: str) -> HttpResponse:
    """Show one dataset's fields, versions and where it comes from."""
    require(principal(request), "read_catalogue", PLATFORM)
    versions = DatasetVersion.objects.filter(dataset=name).select_related("build")
    return render(request, "catalogue/dataset.html", {"dataset": dataset(name), "versions": versions})


@require_POST
def build(request: HttpRequest) -> HttpResponse:
    """Queue a build of the warehouse."""
    ask_for_build(principal(request))
    messages.success(request, "The warehouse will be built from everything that has landed.")
    return redirect("catalogue")


@require_safe
def feedback(request: HttpRequest, identity: str) -> FileResponse:
    """Give what the newest build found wrong in a submission, for its provider: file, row and field, never a value."""
    require(principal(request), "land_submission", PLATFORM)
    found = Submission.objects.filter(identity=identity).first()
    if found is None:
        raise Refused("No submission of this name has landed", where=identity)
    path = load().path("feedback", f"{found.identity}.csv")
    if not path.exists():
        raise Refused("The newest build found nothing wrong in it", where=identity)
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="text/csv")


@require_POST
def withdraw_data(request: HttpRequest) -> HttpResponse:
    """Withdraw a submission or a dataset, as its controller asks."""
    told = {name: request.POST.get(name, "").strip() for name in ("submission", "dataset", "reason")}
    made = withdraw(principal(request), **told)
    messages.success(request, f"Withdrawn: {len(made)} datasets of submissions. The warehouse will be built without.")
    return redirect("catalogue")
