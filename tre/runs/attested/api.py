"""What a notebook may ask of attested runs: ask for one, see what became of it and what it made, cancel, ask again."""

from __future__ import annotations

from collections.abc import Callable

from django.http import FileResponse, HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tre.airlock.storage import storage
from tre.errors import Refused
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.runs.attested import services
from tre.runs.attested.models import Run
from tre.workspace.auth import for_workspace, json_of, workspace_session

_MOST_LISTED = 200


@require_http_methods(["GET", "POST"])
@for_workspace
def runs(request: HttpRequest) -> JsonResponse:
    """List the project's runs, newest first, or ask for one: JSON with ``kind``, ``spec`` and ``once``."""
    session = workspace_session(request)
    person = session.principal()
    require(person, "view_runs", session.project.resource())
    if request.method == "GET":
        found = session.project.runs.select_related("author", "extract").prefetch_related("outputs")[:_MOST_LISTED]
        return JsonResponse({"runs": [describe(each) for each in found]})
    asked = json_of(request)
    made = services.ask(
        person, session.project, str(asked.get("kind", "")), asked.get("spec"), str(asked.get("once", ""))
    )
    return JsonResponse(describe(made), status=201)


@require_safe
@for_workspace
def one(request: HttpRequest, number: int) -> JsonResponse:
    """Describe one of the project's runs, with its specification and its attestation."""
    run, _ = _own(request, number)
    return JsonResponse(describe(run) | {"spec": run.spec, "attestation": run.attestation})


@require_safe
@for_workspace
def file(request: HttpRequest, number: int, output: int) -> HttpResponseBase:
    """Hand over a file that a run made, by its place among them: it stays in the workspace."""
    run, _ = _own(request, number)
    found = run.outputs.filter(pk=output).first()
    if found is None:
        raise Refused("The run made no such file", where=f"run {number}")
    return FileResponse(storage().path(found.sha256).open("rb"), content_type="application/octet-stream")


@require_POST
@for_workspace
def cancel(request: HttpRequest, number: int) -> JsonResponse:
    """Stop a run."""
    return _changed(request, number, services.cancel)


@require_POST
@for_workspace
def retry(request: HttpRequest, number: int) -> JsonResponse:
    """Ask again for a run that came to nothing."""
    return _changed(request, number, services.retry)


def _changed(request: HttpRequest, number: int, change: Callable[[int, Principal], Run]) -> JsonResponse:
    run, person = _own(request, number)
    return JsonResponse(describe(change(run.pk, person)))


def _own(request: HttpRequest, number: int) -> tuple[Run, Principal]:
    """Return a run of the workspace's own project, and who asks."""
    session = workspace_session(request)
    require(session.principal(), "view_runs", session.project.resource())
    run = session.project.runs.filter(pk=number).first()
    if run is None:
        raise Refused("There is no such run", where=f"run {number}")
    return run, session.principal()


def describe(run: Run) -> dict[str, object]:
    """Return a run as JSON values, without what it was asked to do."""
    files = [
        {"output": each.pk, "name": each.name, "sha256": each.sha256, "size": each.size} for each in run.outputs.all()
    ]
    return {
        "run": run.pk,
        "kind": run.kind,
        "state": run.state,
        "step": run.step,
        "error": run.error,
        "log": run.log,
        "by": run.author.username,
        "extract": run.extract.number,
        "files": files,
    }
