"""What the Hub and the notebooks may ask of the portal about workspaces."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_POST, require_safe

from tre.errors import Refused
from tre.projects.disclosure import population_of, quasi_of, rules_of
from tre.projects.public import public_columns
from tre.projects.services import current_extract
from tre.workspace.auth import for_gate, for_hub, for_workspace, json_of, workspace_session
from tre.workspace.limits import Used
from tre.workspace.models import WorkspaceSession
from tre.workspace.services import close_workspace, note_sent, open_workspace
from tre.workspace.usage import note_used

_MOST = 2**46  # above any count of bytes or seconds of one workspace; what a timedelta holds in seconds


@require_POST
@for_hub
def hub_open(request: HttpRequest) -> JsonResponse:
    """Open a workspace for the Hub: JSON with ``username`` and ``project``."""
    asked = json_of(request)
    return JsonResponse(asdict(open_workspace(str(asked.get("username", "")), str(asked.get("project", "")))))


@require_POST
@for_hub
def hub_close(request: HttpRequest) -> JsonResponse:
    """Close a workspace for the Hub: JSON with ``session``."""
    number = json_of(request).get("session")
    if not isinstance(number, int):
        raise Refused("The session must be a number", where="session")
    close_workspace(number)
    return JsonResponse({"closed": number})


@require_POST
@for_gate
def gate_sent(request: HttpRequest, session: WorkspaceSession) -> JsonResponse:
    """Take a gate's count: JSON with ``sent``, all bytes so far; answer how many more may be sent today (``left``)."""
    sent = json_of(request).get("sent")
    if not isinstance(sent, int) or isinstance(sent, bool) or sent < 0:
        raise Refused("The bytes sent must be a number, not below 0", where="sent")
    return JsonResponse({"left": note_sent(session, sent)})


@require_POST
@for_gate
def gate_used(request: HttpRequest, session: WorkspaceSession) -> JsonResponse:
    """Take what a launcher measured: JSON with ``processor_seconds``, ``memory_peak`` (bytes) and ``idle_seconds``."""
    asked = json_of(request)
    seconds, peak, idle = (_amount(asked, name) for name in ("processor_seconds", "memory_peak", "idle_seconds"))
    note_used(session, Used(seconds, int(peak)), timedelta(seconds=idle))
    return JsonResponse({})


def _amount(asked: dict[str, object], name: str) -> float:
    value = asked.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < _MOST:
        raise Refused("This must be a number, not below 0", where=name)
    return value


@require_safe
@for_workspace
def me(request: HttpRequest) -> JsonResponse:
    """Return whose workspace this is, of which project, and which disclosure rules its outputs are held to."""
    session = workspace_session(request)
    project = session.project
    told = {"username": session.account.username, "project": project.code, "title": project.title}
    rules = asdict(rules_of(project)) | {"quasi": quasi_of(project), "population": population_of(project)}
    return JsonResponse({**told, "purpose": project.purpose, "ends": project.ends.isoformat(), "disclosure": rules})


@require_safe
@for_workspace
def tables(request: HttpRequest) -> JsonResponse:
    """Return the tables of the project's extract, as its manifest tells them."""
    extract = current_extract(workspace_session(request).project)
    if extract is None:
        raise Refused("The project has no extract")
    tables = [{**table, "columns": _with_public(table)} for table in extract.manifest["tables"]]
    return JsonResponse({"extract": extract.number, "persons": extract.persons, "tables": tables})


def _with_public(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a table's columns with what their contract tells of them: range, codes, and which contract that is."""
    public = public_columns(table)
    return [
        {**column, "range": found.range, "codes": found.codes, "contract": found.contract}
        if (found := public.get(column["name"]))
        else column
        for column in table.get("columns", [])
    ]
