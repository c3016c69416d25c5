"""The work on imports that waits in the queue: checking what was submitted, and placing what was approved."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Max

from tre.airlock.imports import checks, malware
from tre.airlock.imports.evidence import check_decided
from tre.airlock.imports.models import ImportFile, ImportRequest
from tre.airlock.imports.placing import place
from tre.airlock.imports.policy import import_policy
from tre.airlock.imports.services import PLATFORM, locked, move
from tre.airlock.storage import StorageBroken, storage
from tre.config.options import load
from tre.disclosure import Context, inspect
from tre.errors import Refused
from tre.keys.filters import newest_filters
from tre.projects.models import Project
from tre.runs.queue import handler


@handler("imports.check")
def check_import(payload: dict[str, Any]) -> None:
    """Check every file that was not, and pass the import to review or block it. Safe to run again."""
    request = ImportRequest.objects.get(pk=payload["import"])
    if request.state != "submitted":
        return
    for file in request.files.filter(checks__isnull=True):
        _check(file)
    _conclude(request.pk)


def _check(file: ImportFile) -> None:
    filters, key = newest_filters() or (None, None)
    settings = load()
    context = Context(
        settings.disclosure_profile,
        filters,
        key,
        pack=settings.disclosure_pack,
        names_model=settings.disclosure_names_model,
    )
    path = storage().path(file.sha256)
    found = inspect(path, context, name=file.name)
    if found.sha256 != file.sha256:
        raise StorageBroken("A frozen file was altered", where=file.sha256[:12], todo="Stop and tell the auditor")
    checked = checks.check(found, malware.scan(path, settings.clamd), import_policy())
    ImportFile.objects.filter(pk=file.pk).update(checks=checked.to_json())


@transaction.atomic
def _conclude(number: int) -> None:
    request = locked(number)
    if request.state != "submitted":  # withdrawn meanwhile, or another worker was first
        return
    told = [file.checked() for file in request.files.all()]
    # Default deny: a file that was not checked blocks, as one that may not come in does.
    passes = bool(told) and all(each is not None and not each.blocks for each in told)
    summary = [
        {"sha256": each.sha256, "kind": each.kind, "scanned_by": each.scanned_by, "blocks": each.blocks}
        for each in told
        if each
    ]
    move(request, "pass_to_review" if passes else "block", PLATFORM, {"files": summary})


@handler("imports.place")
def place_import(payload: dict[str, Any]) -> None:
    """Place what was approved, by hash, under the next version of its project. Safe to run again."""
    request = _numbered(payload["import"])
    if request.state != "approved" or request.version is None:
        return
    try:
        if request.project.status == Project.Status.CLOSED:
            raise Refused("The project is closed", where="import")
        check_decided(request)
        place(request, request.version)
    except (StorageBroken, Refused) as error:  # never to be placed as it is
        _end(request.pk, "halt", {"why": error.sentence()})
        return
    hashes = sorted(file.sha256 for file in request.files.all())
    _end(request.pk, "place", {"version": request.version, "files": hashes})


@transaction.atomic
def _numbered(number: int) -> ImportRequest:
    """Return an import with the version that it is placed as: kept before it is placed, so that there is one."""
    request = locked(number)
    if request.state == "approved" and request.version is None:
        request.project.__class__.objects.select_for_update().get(pk=request.project_id)
        newest = ImportRequest.objects.filter(project=request.project).aggregate(newest=Max("version"))["newest"]
        request.version = (newest or 0) + 1
        request.save(update_fields=["version"])
    return request


@transaction.atomic
def _end(number: int, event: str, data: dict[str, object]) -> None:
    request = locked(number)
    if request.state == "approved":
        move(request, "place" if event == "place" else "halt", PLATFORM, data)
