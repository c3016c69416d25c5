"""What a notebook may ask of the airlock: submit, and see what became of it."""

from __future__ import annotations

import json

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_http_methods

from tre.airlock.models import Request
from tre.airlock.services import Upload, submit
from tre.errors import Refused
from tre.workspace.auth import for_workspace, workspace_session


@require_http_methods(["GET", "POST"])
@for_workspace
def requests(request: HttpRequest) -> JsonResponse:
    """List the person's requests in this project, or make one from a multipart form.

    The form has ``context``, ``names`` (a JSON list) and as many ``files``.
    """
    session = workspace_session(request)
    if request.method == "GET":
        mine = Request.objects.filter(project=session.project, author=session.account)
        return JsonResponse({"requests": [describe(each) for each in mine]})
    names, files = _names(request), request.FILES.getlist("files")
    if len(names) != len(files):
        raise Refused("There must be one name for each file", where="names")
    uploads = [Upload(name, file.chunks()) for name, file in zip(names, files, strict=True)]
    made = submit(session.principal(), session.project, request.POST.get("context", ""), uploads)
    return JsonResponse(describe(made), status=201)


def _names(request: HttpRequest) -> list[str]:
    try:
        names = json.loads(request.POST.get("names", ""))
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused("Names must be a JSON list of texts", where="names")
    return names


def describe(found: Request) -> dict[str, object]:
    """Return a request as its author sees it from a notebook."""
    files = []
    for file in found.files.all():
        inspected = file.inspected()
        findings = inspected.to_json()["findings"] if inspected else []
        files.append(
            {
                "name": file.name,
                "sha256": file.sha256,
                "size": file.size,
                "verdict": inspected.verdict if inspected else None,
                "findings": findings,
            }
        )
    return {"request": found.pk, "state": found.state, "context": found.context, "files": files}
