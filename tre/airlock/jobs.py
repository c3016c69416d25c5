"""The airlock's own work: inspecting what was submitted and releasing what was approved. Safe to run again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects

from tre.airlock.domain import RELEASE_NOTE, model_folders
from tre.airlock.evidence import check_decided
from tre.airlock.models import Release, Request, RequestFile
from tre.airlock.services import locked, move
from tre.airlock.storage import StorageBroken, storage
from tre.config.options import load
from tre.disclosure import Context, Inspection, inspect
from tre.disclosure.pseudonyms import owner_name
from tre.errors import Refused
from tre.keys.filters import newest_filters
from tre.privacy.services import pay
from tre.runs.queue import handler

PLATFORM = "airlock"


@handler("airlock.inspect")
def inspect_request(payload: dict[str, Any]) -> None:
    """Inspect every file that was not, and pass the request to review or block it."""
    with transaction.atomic():
        request = locked(payload["request"])
        if request.state == "submitted":
            move(request, "inspect", PLATFORM)
    if request.state != "inspecting":
        return
    filters, key = newest_filters() or (None, None)
    settings = load()
    context = Context(
        settings.disclosure_profile,
        filters,
        key,
        pack=settings.disclosure_pack,
        names_model=settings.disclosure_names_model,
        project=owner_name(request.project.code),
    )
    for file in request.files.filter(inspection__isnull=True):  # `=None` would ask for JSON's null, which none holds
        _inspect(file, context)
    _conclude(request.pk)


def _inspect(file: RequestFile, context: Context) -> None:
    found = inspect(storage().path(file.sha256), context, name=file.name)
    if found.sha256 != file.sha256:
        raise StorageBroken("A frozen file was altered", where=file.sha256[:12], todo="Stop and tell the auditor")
    RequestFile.objects.filter(pk=file.pk).update(inspection=found.to_json())


@transaction.atomic
def _conclude(number: int) -> None:
    request = locked(number)
    if request.state != "inspecting":  # withdrawn meanwhile, or another worker was first
        return
    inspections = [file.inspected() for file in request.files.all()]
    data = {"files": [_summary(inspection) for inspection in inspections if inspection]}
    # Default deny: a file that was not inspected blocks, as one that was found wanting does.
    passes = bool(inspections) and all(each is not None and each.verdict != "block" for each in inspections)
    move(request, "pass_to_review" if passes else "block", PLATFORM, data)


def _summary(inspection: Inspection) -> dict[str, object]:
    rules = sorted({finding.rule for finding in inspection.findings})
    return {"sha256": inspection.sha256, "verdict": inspection.verdict, "rules": rules}


@handler("airlock.release")
def release_request(payload: dict[str, Any]) -> None:
    """Copy the approved files out by hash, register the models among them, and write it down.

    What the tables say of reviews is not believed: the decision is recomputed from the sealed evidence. A refusal at
    any point halts the release with its reason; a job that failed for another reason leaves it to be run again.
    """
    with transaction.atomic():
        request = locked(payload["request"])
        if request.state == "approved":
            move(request, "release", PLATFORM)
    if request.state != "releasing":
        return
    prefetch_related_objects([request], "files")  # read once: what is checked is what is copied
    identity = _identity(request)
    try:
        check_decided(request)
        folder = _copy_out(request, identity)
        models = _take_models(request, identity, folder)
    except (StorageBroken, Refused) as error:  # never to be released as it is: the author may withdraw it
        _halt(request.pk, error.sentence())
        return
    _finish(request.pk, identity, _files(request), models)


def _identity(request: Request) -> str:
    """Return the release's name: the same for the same request and files, so that a second run finds the first."""
    told = "\n".join(f"{file.name} {file.sha256}" for file in request.files.all())
    return f"release-{request.pk}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"


def _copy_out(request: Request, identity: str) -> Path:
    folder = load().path("release", identity)
    if folder.exists():  # made by a run that was cut off before it could say so
        _check_copied(request, folder)
        return folder
    staged = folder.with_name(f".{identity}.staged")
    shutil.rmtree(staged, ignore_errors=True)  # what a cut-off run left
    staged.mkdir(mode=0o700, parents=True)
    for file in request.files.all():
        storage().copy(file.sha256, staged / file.name)
    (staged / RELEASE_NOTE).write_text(json.dumps({"release": identity, "files": _files(request)}, indent=2))
    os.rename(staged, folder)
    return folder


def _check_copied(request: Request, folder: Path) -> None:
    for file in request.files.all():
        with (folder / file.name).open("rb") as copied:
            if hashlib.file_digest(copied, "sha256").hexdigest() != file.sha256:
                raise StorageBroken("A released file was altered", where=file.sha256[:12], todo="Tell the auditor")


def _files(request: Request) -> list[dict[str, object]]:
    return [{"name": file.name, "sha256": file.sha256, "size": file.size} for file in request.files.all()]


def _take_models(request: Request, identity: str, folder: Path) -> list[dict[str, Any]]:
    """Register the request's models, after each of them was recomputed and paid for."""
    from tre.airlock import registry  # starts the learning plane; nothing else here needs it

    models = model_folders([file.name for file in request.files.all()])
    held = {model: _hashes_below(request, model) for model in models}
    try:
        for model in models:
            cost = registry.price(folder / model)
            weights = held[model]["weights.safetensors"]
            pay(request.project, epsilon=cost["epsilon"], delta=cost["delta"], model=weights, actor=PLATFORM)
        return [registry.register(request, identity, folder, model, held[model]) for model in models]
    except Refused:
        shutil.rmtree(folder)  # nothing of a halted release stays where releases are
        raise


def _hashes_below(request: Request, model: str) -> dict[str, str]:
    named = {file.name: file.sha256 for file in request.files.all()}
    return {name.removeprefix(f"{model}/"): sha256 for name, sha256 in named.items() if name.startswith(f"{model}/")}


@transaction.atomic
def _halt(number: int, why: str) -> None:
    request = locked(number)
    if request.state == "releasing":
        move(request, "halt", PLATFORM, {"why": why})


@transaction.atomic
def _finish(number: int, identity: str, files: list[dict[str, object]], models: list[dict[str, Any]]) -> None:
    request = locked(number)
    if request.state != "releasing":
        return
    Release.objects.create(request=request, identity=identity, files=files, models_registered=models)
    hashes = [{"sha256": file["sha256"], "size": file["size"]} for file in files]
    move(request, "finish", PLATFORM, {"release": identity, "files": hashes, "models": models})
