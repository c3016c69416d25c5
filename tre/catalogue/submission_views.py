"""Pages about single submissions and what became of them: for who runs the warehouse, and who audits it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.catalogue.contracts import dataset
from tre.catalogue.lineage import diagram, steps
from tre.catalogue.quality import in_words
from tre.catalogue.reports import as_csv, as_html
from tre.catalogue.submissions import submission_of
from tre.catalogue.submissions import submissions as submissions_of
from tre.catalogue.suppression import told
from tre.people.services import principal
from tre.policy.decision import decide, require
from tre.policy.domain import PLATFORM

_PAGE = 50


@require_safe
def submissions(request: HttpRequest) -> HttpResponse:
    """Show what has landed, newest first."""
    page = Paginator(submissions_of(principal(request)), _PAGE).get_page(request.GET.get("page"))
    return render(request, "catalogue/submissions.html", {"page": page})


@require_safe
def one(request: HttpRequest, identity: str) -> HttpResponse:
    """Show how good one submission was, and where its provider's report is."""
    found = submission_of(identity, principal(request))
    of_datasets = found.measures.filter(field="").order_by("dataset", "dimension")
    page = {
        "submission": found,
        "may_land": decide(principal(request), "land_submission", PLATFORM).allowed,
        "measures": [(each, in_words(each)) for each in of_datasets],
        "faults": [(each, told(each.rows)) for each in found.faults.all()],
    }
    return render(request, "catalogue/submission.html", page)


@require_safe
def report_csv(request: HttpRequest, identity: str) -> HttpResponse:
    """Give the provider's report as CSV: exact counts, for the provider alone."""
    return _download(as_csv(submission_of(identity, principal(request))), identity, "csv")


@require_safe
def report_html(request: HttpRequest, identity: str) -> HttpResponse:
    """Give the provider's report as a page: exact counts, for the provider alone."""
    return _download(as_html(submission_of(identity, principal(request))), identity, "html")


@require_safe
def lineage(request: HttpRequest, name: str) -> HttpResponse:
    """Show where a dataset's newest versions came from and where they went."""
    require(principal(request), "read_submissions", PLATFORM)
    made = steps(name)
    page = {"dataset": dataset(name), "steps": made, "diagram": diagram(made[0]) if made else None}
    return render(request, "catalogue/lineage.html", page)


def _download(text: str, identity: str, kind: str) -> HttpResponse:
    answer = HttpResponse(text, content_type=f"text/{kind}; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{identity}-report.{kind}"'
    return answer
