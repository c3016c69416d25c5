"""The airlock's own work: inspecting what was submitted and releasing what was approved. Safe to run again."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects
from django.utils import timezone

from tre.airlock import differencing
from tre.airlock.assignments import give_back_of_absent
from tre.airlock.attacks import queue_attacks
from tre.airlock.carrying import carry_votes
from tre.airlock.differencing import Compared
from tre.airlock.evidence import check_decided, scrutinised, scrutiny_now
from tre.airlock.models import Release, Request, RequestFile
from tre.airlock.naming import WEIGHTS, model_folders
from tre.airlock.policy import airlock_policy
from tre.airlock.registered import services as registered
from tre.airlock.release.deliveries import queue_delivery
from tre.airlock.release.downloads import open_area
from tre.airlock.release.note import write_note
from tre.airlock.scrutiny import due
from tre.airlock.services import PLATFORM, expire, locked, move, release_identity
from tre.airlock.storage import StorageBroken, storage
from tre.config.options import load
from tre.disclosure import Context, Inspection
from tre.disclosure.inspection import inspect_counts, inspect_together
from tre.disclosure.statistics.published import Counts
from tre.disclosure.together import MOST_FILES
from tre.errors import Refused
from tre.privacy.services import pay
from tre.projects.disclosure import context_of
from tre.runs.attested.lookup import NOBODY, counted
from tre.runs.queue import enqueue, handler


@handler("airlock.inspect")
def inspect_request(payload: dict[str, Any]) -> None:
    """Inspect every file that was not, and pass the request to review or block it."""
    with transaction.atomic():
        request = locked(payload["request"])
        if request.state == "submitted":
            move(request, "inspect", PLATFORM)
    if request.state != "inspecting":
        return
    context = context_of(request.project)
    _inspect([file for file in request.held() if file.inspection is None], context)
    for file in differencing.unread():
        differencing.keep_released(file, _read(file, context_of(file.request.project))[1])
    _conclude(request.pk, differencing.hold_against_others(request, context))


def _inspect(files: Sequence[RequestFile], context: Context) -> None:
    """Inspect files, some at a time: one that is cut off goes on with the others."""
    for first in range(0, len(files), MOST_FILES):
        some = files[first : first + MOST_FILES]
        named = [(storage().path(file.sha256), file.name) for file in some]
        for file, (found, tables) in zip(some, inspect_together(named, context), strict=True):
            _keep(file, context, *_checked(file, context, found, tables))


def _keep(file: RequestFile, context: Context, found: Inspection, tables: tuple[Counts, ...]) -> None:
    """Keep what inspection found in a file, and the counts that it tells."""
    tells = found.verdict != "block" and file.leaves
    known = counted(file.request.project, file.sha256) if tells and differencing.is_exact(context) else NOBODY
    with transaction.atomic():
        RequestFile.objects.filter(pk=file.pk).update(inspection=found.to_json())
        differencing.keep(file, tables if tells else (), known)


def _read(file: RequestFile, context: Context) -> tuple[Inspection, tuple[Counts, ...]]:
    """Return what inspection finds in a file, and the counts that it tells where they are exact."""
    return _checked(file, context, *inspect_counts(storage().path(file.sha256), context, name=file.name))


def _checked(
    file: RequestFile, context: Context, found: Inspection, tables: tuple[Counts, ...]
) -> tuple[Inspection, tuple[Counts, ...]]:
    if found.sha256 != file.sha256:
        raise StorageBroken("A frozen file was altered", where=file.sha256[:12], todo="Stop and tell the auditor")
    return found, tables if differencing.is_exact(context) else ()


@transaction.atomic
def _conclude(number: int, compared: Compared) -> None:
    request = locked(number)
    if request.state != "inspecting":  # withdrawn meanwhile, or another worker was first
        return
    for file in request.held():
        found = file.inspected()
        if found is not None and (more := compared.findings.get(file.pk)):
            RequestFile.objects.filter(pk=file.pk).update(inspection=found.with_findings(more).to_json())
    Request.objects.filter(pk=number).update(compared=compared.newest)
    files = request.held()
    inspections = [file.inspected() for file in files]
    data: dict[str, object] = {"files": [_summary(inspection) for inspection in inspections if inspection]}
    # Default deny: a file that was not inspected blocks, as one that was found wanting does.
    if inspections and all(each is not None and each.verdict != "block" for each in inspections):
        _pass(request, files, data)
    else:
        move(request, "block", PLATFORM, {**data, "turn": request.turn})


def _pass(request: Request, files: list[RequestFile], data: dict[str, object]) -> None:
    """Pass a request to its checkers, with how closely they look at it and by when."""
    scrutiny = scrutiny_now(files)
    request.risk, request.role, request.low_risk = scrutiny.risk, scrutiny.role, scrutiny.low_risk
    request.checkers = request.places = scrutiny.checkers
    request.due = due(timezone.now(), airlock_policy().service_days)
    request.save(update_fields=["risk", "role", "low_risk", "checkers", "places", "due"])
    move(request, "pass_to_review", PLATFORM, {**data, "scrutiny": scrutinised(request, scrutiny)})
    if request.checkers:
        carry_votes(request)
        queue_attacks(request)
    else:
        move(request, "let_pass", PLATFORM, {"low_risk": request.low_risk})
        enqueue("airlock.release", {"request": request.pk}, once=f"airlock.release:{request.pk}:{request.turn}")


@handler("airlock.expire")
def expire_request(payload: dict[str, Any]) -> None:
    """Let a request expire that still waits for its author as it did when this was queued."""
    expire(payload["request"], payload["turn"], payload["state"])


@handler("airlock.absence")
def begin_absence(payload: dict[str, Any]) -> None:
    """Give back the places of a checker whose absence begins."""
    give_back_of_absent(payload["absence"])


def _summary(inspection: Inspection) -> dict[str, object]:
    rules = sorted({finding.rule for finding in inspection.findings})
    return {"sha256": inspection.sha256, "verdict": inspection.verdict, "rules": rules}


@handler("airlock.release")
def release_request(payload: dict[str, Any]) -> None:
    """Copy the approved files out by hash, register the models among them, and write it down.

    What the tables say of reviews is not believed: the decision is recomputed from the sealed evidence. A refusal at
    any point halts the release with its reason; a job that failed for another reason leaves it to be run again.
    """
    for file in differencing.unread_of(payload["request"], "approved"):
        differencing.keep(
            file, _read(file, context_of(file.request.project))[1]
        )  # inspected before there was a place for it
    with transaction.atomic():
        request = locked(payload["request"])
        if request.state == "approved":
            _begin(request)
    if request.state != "releasing":
        return
    prefetch_related_objects([request], "files__group")  # read once: what is checked is what is copied
    identity = release_identity(request)
    try:
        check_decided(request)
        folder = _copy_out(request, identity)
        crate = _describe(request, identity, folder)
        models = _take_models(request, identity, folder)
    except (StorageBroken, Refused) as error:  # never to be released as it is: the author may withdraw it
        _sweep(identity)
        _halt(request.pk, error.sentence())
        return
    _finish(request.pk, identity, crate, _files(request), models)


def _begin(request: Request) -> None:
    """Begin a release and give what it tells its place among all; what was let out since inspection may stop it."""
    move(request, "release", PLATFORM, {"counts": differencing.what_is_told(request)})
    why = differencing.let_out(request, context_of(request.project))
    if why:
        move(request, "halt", PLATFORM, {"why": why})


def _copy_out(request: Request, identity: str) -> Path:
    """Copy what leaves into a folder that has its name when it is whole; of two workers that do it one is first."""
    folder = load().path("release", identity)
    if not folder.exists():
        staged = folder.with_name(f".{identity}.{secrets.token_hex(8)}.staged")
        staged.mkdir(mode=0o700, parents=True)
        for file in request.leaving():
            storage().copy(file.sha256, staged / file.name)
        _rename(staged, folder)
    _check_copied(request, folder)
    _sweep(identity)
    return folder


def _rename(staged: Path, folder: Path) -> None:
    """Give a whole folder its name, unless another worker's has it already."""
    try:
        os.rename(staged, folder)
    except OSError as error:
        if error.errno != errno.ENOTEMPTY:
            raise


def _sweep(identity: str) -> None:
    """Take away what runs that were cut off left. Only where the release is whole, or is not to be: nobody needs it."""
    for staged in load().path("release").glob(f".{identity}.*staged"):
        shutil.rmtree(staged, ignore_errors=True)


def _check_copied(request: Request, folder: Path) -> None:
    for file in request.leaving():
        with (folder / file.name).open("rb") as copied:
            if hashlib.file_digest(copied, "sha256").hexdigest() != file.sha256:
                raise StorageBroken("A released file was altered", where=file.sha256[:12], todo="Tell the auditor")


def _describe(request: Request, identity: str, folder: Path) -> str:
    """Write the release's crate, anew each time that the job is run, and return its SHA-256."""
    try:
        return write_note(request, identity, folder)
    except Refused:
        shutil.rmtree(folder)  # nothing of a halted release stays where releases are
        raise


def _files(request: Request) -> list[dict[str, object]]:
    return [{"name": file.name, "sha256": file.sha256, "size": file.size} for file in request.leaving()]


def _take_models(request: Request, identity: str, folder: Path) -> list[dict[str, Any]]:
    """Register the request's models, after each of them was recomputed and paid for."""
    from tre.airlock import registry  # starts the learning plane; nothing else here needs it

    models = model_folders([file.name for file in request.leaving()])
    held = {model: _hashes_below(request, model) for model in models}
    try:
        for model in models:
            cost = registry.price(folder / model)
            if cost["epsilon"] is not None:  # who claims no privacy spends no budget
                weights = next(held[model][name] for name in WEIGHTS if name in held[model])
                pay(request.project, epsilon=cost["epsilon"], delta=cost["delta"], model=weights, actor=PLATFORM)
        return [registry.register(request, identity, folder, model, held[model]) for model in models]
    except Refused:
        shutil.rmtree(folder)  # nothing of a halted release stays where releases are
        raise


def _hashes_below(request: Request, model: str) -> dict[str, str]:
    named = {file.name: file.sha256 for file in request.leaving()}
    return {name.removeprefix(f"{model}/"): sha256 for name, sha256 in named.items() if name.startswith(f"{model}/")}


@transaction.atomic
def _halt(number: int, why: str) -> None:
    request = locked(number)
    if request.state == "releasing":
        move(request, "halt", PLATFORM, {"why": why})


@transaction.atomic
def _finish(
    number: int, identity: str, crate: str, files: list[dict[str, object]], models: list[dict[str, Any]]
) -> None:
    request = locked(number)
    if request.state != "releasing":
        return
    made = Release.objects.create(request=request, identity=identity, files=files, models_registered=models)
    open_area(made, crate)
    queue_delivery(made)
    registered.keep(made, models)
    hashes = [{"sha256": file["sha256"], "size": file["size"]} for file in files]
    told = {"release": identity, "crate_sha256": crate, "files": hashes, "models": models}
    move(request, "finish", PLATFORM, told)
