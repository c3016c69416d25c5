"""What a notebook may ask of the airlock: submit at once, put a draft together, and see what became of it."""

from __future__ import annotations

import json

from django.http import Http404, HttpRequest, JsonResponse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tre.airlock import drafts, submissions
from tre.airlock.drafts import Upload
from tre.airlock.models import Request, RequestFile
from tre.airlock.naming import KINDS, TOLD_TOGETHER, Kind
from tre.airlock.seeing import author_comments
from tre.airlock.services import withdraw
from tre.errors import Refused
from tre.policy.domain import Principal
from tre.workspace.auth import for_workspace, json_of, workspace_session


@require_http_methods(["GET", "POST"])
@for_workspace
def requests(request: HttpRequest) -> JsonResponse:
    """List the person's requests in this project, or make one from a multipart form.

    The form has ``context``, ``names`` (a JSON list), as many ``files``, and may have ``controls``.
    """
    session = workspace_session(request)
    if request.method == "GET":
        mine = Request.objects.filter(project=session.project, author=session.account)
        return JsonResponse({"requests": [_described(each) for each in mine]})
    context, controls = request.POST.get("context", ""), request.POST.get("controls", "") or TOLD_TOGETHER
    made = submissions.submit(session.principal(), session.project, context, _uploads(request), controls)
    return JsonResponse(describe(made), status=201)


@require_POST
@for_workspace
def draft(request: HttpRequest) -> JsonResponse:
    """Begin a draft, from a JSON object with ``context``."""
    session = workspace_session(request)
    made = drafts.draft(session.principal(), session.project, _text(request, "context"))
    return JsonResponse(describe(made), status=201)


@require_GET
@for_workspace
def one(request: HttpRequest, number: int) -> JsonResponse:
    """Describe one of the person's requests in this project."""
    found, _ = _own(request, number)
    return JsonResponse(describe(found))


@require_POST
@for_workspace
def add(request: HttpRequest, number: int) -> JsonResponse:
    """Add files to a draft, from a multipart form with ``group``, ``names``, ``files`` and perhaps a ``kind``."""
    found, person = _own(request, number)
    group = request.POST.get("group", "") or submissions.GROUP
    drafts.add_files(found.pk, person, group, _uploads(request), _kind(request.POST.get("kind", "")))
    return _answer(found)


@require_POST
@for_workspace
def group(request: HttpRequest, number: int) -> JsonResponse:
    """Describe a draft's group, from a JSON object with ``name``, ``context`` and ``controls``."""
    found, person = _own(request, number)
    told = [_text(request, name) for name in ("name", "context", "controls")]
    drafts.describe_group(found.pk, person, *told)
    return _answer(found)


@require_POST
@for_workspace
def remove(request: HttpRequest, number: int) -> JsonResponse:
    """Take a file out of a draft, by its ``name``."""
    found, person = _own(request, number)
    file = RequestFile.objects.filter(request=found, turn=found.turn, name=_text(request, "name")).first()
    if file is None:
        raise Refused("The draft holds no such file", where=f"request {number}")
    drafts.remove_file(found.pk, person, file.pk)
    return _answer(found)


@require_POST
@for_workspace
def submit(request: HttpRequest, number: int) -> JsonResponse:
    """Submit a draft, with the author's ``answer`` from the second turn on, and the ``target`` of several."""
    found, person = _own(request, number)
    submissions.submit_draft(found.pk, person, _text(request, "answer"), _text(request, "target"))
    return _answer(found)


@require_POST
@for_workspace
def revise(request: HttpRequest, number: int) -> JsonResponse:
    """Begin the next version of a request that came back."""
    found, person = _own(request, number)
    submissions.revise(found.pk, person)
    return _answer(found)


@require_POST
@for_workspace
def take_back(request: HttpRequest, number: int) -> JsonResponse:
    """Withdraw a request."""
    found, person = _own(request, number)
    withdraw(found.pk, person)
    return _answer(found)


def _own(request: HttpRequest, number: int) -> tuple[Request, Principal]:
    session = workspace_session(request)
    found = Request.objects.filter(pk=number, project=session.project, author=session.account).first()
    if found is None:
        raise Http404
    return found, session.principal()


def _answer(found: Request) -> JsonResponse:
    return JsonResponse(describe(Request.objects.get(pk=found.pk)))


def _text(request: HttpRequest, name: str) -> str:
    told = json_of(request).get(name, "")
    if not isinstance(told, str):
        raise Refused("It must be a text", where=name)
    return told


def _kind(told: str) -> Kind | None:
    if not told:
        return None
    for kind in KINDS:
        if kind == told:
            return kind
    raise Refused(f"A file is one of: {', '.join(KINDS)}", where="kind")


def _uploads(request: HttpRequest) -> list[Upload]:
    names, files = _names(request), request.FILES.getlist("files")
    if len(names) != len(files):
        raise Refused("There must be one name for each file", where="names")
    return [Upload(name, file.chunks()) for name, file in zip(names, files, strict=True)]


def _names(request: HttpRequest) -> list[str]:
    try:
        names = json.loads(request.POST.get("names", ""))
    except (ValueError, RecursionError):
        names = None
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise Refused("Names must be a JSON list of texts", where="names")
    return names


def describe(found: Request) -> dict[str, object]:
    """Return a request as its author sees it from a notebook: its last turn, with what its checkers asked for."""
    return {**_described(found), "comments": author_comments(found)}


def _described(found: Request) -> dict[str, object]:
    groups = [
        {"name": each.name, "context": each.context, "controls": each.controls}
        for each in found.groups.filter(turn=found.turn)
    ]
    files = [_file(file) for file in found.files.filter(turn=found.turn).select_related("group")]
    return {
        "request": found.pk, "state": found.state, "turn": found.turn, "context": found.context, "groups": groups,
        "files": files,
    }  # fmt: skip


def _file(file: RequestFile) -> dict[str, object]:
    inspected = file.inspected()
    return {
        "name": file.name,
        "group": file.group.name,
        "kind": file.kind,
        "sha256": file.sha256,
        "size": file.size,
        "verdict": inspected.verdict if inspected else None,
        "findings": inspected.to_json()["findings"] if inspected else [],
    }
