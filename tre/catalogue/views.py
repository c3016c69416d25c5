"""The catalogue's public pages: what there is, what each field means, how well it is filled. Metadata alone.

What a single submission held stays with who runs the warehouse: :mod:`tre.catalogue.submission_views`.
"""

from __future__ import annotations

import json
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.catalogue import exports, pages, quality
from tre.catalogue.contracts import dataset, datasets
from tre.catalogue.metadata import load_metadata, title
from tre.catalogue.models import DatasetVersion, Submission, WarehouseBuild, Withdrawal
from tre.catalogue.national import national
from tre.catalogue.search import find
from tre.catalogue.services import ask_for_build
from tre.catalogue.submissions import feedback_of
from tre.catalogue.withdrawals import withdraw
from tre.contracts.codelists import load_code_lists
from tre.people.services import principal
from tre.people.step_up import step_up
from tre.policy.decision import decide
from tre.policy.domain import PLATFORM

MOST_SUBMISSIONS = 50  # on the first page; the rest have a page of their own
MOST_VERSIONS = 50
_JSON_LD = "application/ld+json"
_ACTS = {
    "build": "build_warehouse",
    "read_submissions": "read_submissions",
    "withdraw": "withdraw_data",
    "review_linkage": "review_linkage",
}


@require_safe
@login_not_required
def catalogue(request: HttpRequest) -> HttpResponse:
    """Show every dataset there is a contract for, and what the warehouse holds of it; find by words."""
    person = principal(request)
    question = request.GET.get("q", "").strip()
    newest = pages.newest_versions()
    page: dict[str, Any] = {
        "rows": [(each, pages.rows(newest.get(each.name))) for each in datasets().values()],
        "q": question,
        "found": find(question) if question else (),
        "build": WarehouseBuild.objects.first(),
        **{f"may_{act}": decide(person, action, PLATFORM).allowed for act, action in _ACTS.items()},
    }
    if page["may_read_submissions"]:
        page["submissions"] = Submission.objects.all()[:MOST_SUBMISSIONS]
    if page["may_withdraw"]:
        page["withdrawals"] = Withdrawal.objects.select_related("submission")[:MOST_SUBMISSIONS]
    return render(request, "catalogue/list.html", page)


@require_safe
@login_not_required
def one(request: HttpRequest, name: str) -> HttpResponse:
    """Show one dataset: its metadata, its quality over time, its fields and versions, and who uses it."""
    found = dataset(name)
    versions = list(DatasetVersion.objects.filter(dataset=name).select_related("build")[:MOST_VERSIONS])
    shares = quality.newest_of_fields(name)
    told = exports.schema_org(_described(name, versions), load_metadata(), *_catalogue())
    page = {
        "dataset": found,
        "title": title(found),
        "metadata": load_metadata(),
        "keywords": load_metadata().keywords_of(found),
        "fields": [(column, pages.completeness(shares, column)) for column in found.columns],
        "plots": pages.plots(quality.series(name), name),
        "versions": [pages.held(version) for version in versions],
        "uses": pages.uses(name),
        "may_read_submissions": decide(principal(request), "read_submissions", PLATFORM).allowed,
        # Within a script element no text may end it (HTML, "Restrictions for contents of script elements").
        "schema_org": json.dumps(told).replace("<", "\\u003c"),
    }
    return render(request, "catalogue/dataset.html", page)


@require_safe
@login_not_required
def field(request: HttpRequest, name: str, field: str) -> HttpResponse:
    """Show one field: what it means, which codes it holds, how it is classified and filled, and who uses it."""
    found = dataset(name)
    column = pages.column_of(found, field)
    page = {
        "dataset": found,
        "column": column,
        "codes": load_code_lists().get(column.code_list),
        "plots": pages.plots(quality.series(name, field), f"{name} {field}"),
        "uses": [each for each in pages.uses(name) if field in each.columns],
    }
    return render(request, "catalogue/field.html", page)


@require_safe
@login_not_required
def dcat(request: HttpRequest) -> HttpResponse:
    """Give the whole catalogue as DCAT 3 in JSON-LD."""
    newest = pages.newest_versions()
    held = [pages.described(name, newest.get(name)) for name in datasets()]
    return _json(exports.dcat_catalog(held, load_metadata(), *_catalogue()), _JSON_LD)


@require_safe
@login_not_required
def dataset_dcat(request: HttpRequest, name: str) -> HttpResponse:
    """Give one dataset as DCAT 3 in JSON-LD."""
    return _json(exports.dcat_dataset(_newest(name), load_metadata(), _catalogue()[1]), _JSON_LD)


@require_safe
@login_not_required
def dataset_schema_org(request: HttpRequest, name: str) -> HttpResponse:
    """Give one dataset as schema.org JSON-LD."""
    return _json(exports.schema_org(_newest(name), load_metadata(), *_catalogue()), _JSON_LD)


@require_safe
@login_not_required
def dataset_national(request: HttpRequest, name: str) -> HttpResponse:
    """Give one dataset's national metadata fields."""
    return _json(national(_newest(name), load_metadata()), "application/json")


@require_POST
def build(request: HttpRequest) -> HttpResponse:
    """Queue a build of the warehouse."""
    ask_for_build(principal(request))
    messages.success(request, "The warehouse will be built from everything that has landed.")
    return redirect("catalogue")


@require_safe
def feedback(request: HttpRequest, identity: str) -> FileResponse:
    """Give what the newest build found wrong in a submission, for its provider: file, row and field, never a value."""
    path = feedback_of(identity, principal(request))
    return FileResponse(path.open("rb"), as_attachment=True, filename=path.name, content_type="text/csv")


@require_POST
@step_up
def withdraw_data(request: HttpRequest) -> HttpResponse:
    """Withdraw a submission or a dataset, as its controller asks: nothing of it comes back."""
    told = {name: request.POST.get(name, "").strip() for name in ("submission", "dataset", "reason")}
    made = withdraw(principal(request), **told)
    messages.success(request, f"Withdrawn: {len(made)} datasets of submissions. The warehouse will be built without.")
    return redirect("catalogue")


def _catalogue() -> tuple[str, str]:
    """Return the catalogue's title and address."""
    return pages.catalogue_name(), pages.address("catalogue")


def _newest(name: str) -> exports.Described:
    return _described(name, list(DatasetVersion.objects.filter(dataset=name).select_related("build")[:1]))


def _described(name: str, versions: list[DatasetVersion]) -> exports.Described:
    return pages.described(name, versions[0] if versions else None)


def _json(told: dict[str, Any], kind: str) -> HttpResponse:
    return HttpResponse(json.dumps(told, indent=2, ensure_ascii=False), content_type=f"{kind}; charset=utf-8")
