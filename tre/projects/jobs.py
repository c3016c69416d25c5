"""The jobs that make, remake and destroy extracts. Each is safe to run again after it was cut off."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction

from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.projects import closing, lifecycle, telling
from tre.projects.domain import check_provisionable, differing, files_of
from tre.projects.models import Closure, Extract
from tre.projects.pseudonyms import keep_pseudonyms
from tre.projects.services import check_as_approved, extract_of
from tre.projects.specification import job, keys, specification
from tre.runs.queue import enqueue, handler
from tre.runs.runner import run_job

Say = Callable[[str], None]


@handler("projects.provision")
def provision(payload: dict[str, Any], progress: Say | None = None) -> None:
    """Make the extract, unless it is ready or another has taken its place."""
    extract = Extract.objects.select_related("project").get(pk=payload["extract"])
    if extract.ready or extract.failed:
        return
    project = extract.project
    # Asked again here: an agreement may have ended, or been changed, between the asking and the doing.
    agreed = [agreement.agreed() for agreement in project.agreements.all()]
    check_provisionable(project.status, project.starts, project.ends, agreed, date.today())
    check_as_approved(project)
    before = project.extracts.filter(ready=True, destroyed=None, end_asked_by="").order_by("-number").first()
    previous = str(lifecycle.folder_of(before)) if before and lifecycle.is_whole(before) else None
    specified = specification(project)
    request = job(extract, specified, str(lifecycle.folder_of(extract)), previous)
    manifest = run_job("provision", request, keys(project, specified), progress=progress)
    keep_pseudonyms(project.code, lifecycle.folder_of(extract))
    show_to_group(lifecycle.folder_of(extract), project.gid)
    finish(extract, manifest)


def show_to_group(extract: Path, gid: int) -> None:
    """Let the project's own group read the extract, and nobody else.

    Sandboxes have that group when this process may give files away, which root alone may; else they run as its user.
    """
    for path in (extract, *extract.rglob("*")):
        if os.geteuid() == 0:
            os.chown(path, 0, gid)
        path.chmod(0o750 if path.is_dir() else 0o640)


@transaction.atomic
def finish(extract: Extract, manifest: dict[str, Any]) -> None:
    """Mark the extract ready, once; it waits for acceptance where its risk is over what the policy lets pass."""
    held = Extract.objects.select_for_update().get(pk=extract.pk)
    if held.ready or held.failed:
        return
    held.manifest, held.persons, held.ready = manifest, manifest["persons"], True
    held.held, held.expires = manifest["risk"]["below"], held.ends
    held.save(update_fields=["manifest", "persons", "ready", "held", "expires"])
    tables = [
        {"name": table["name"], "rows": table["rows"], "version": table["source_version"]}
        for table in manifest["tables"]
    ]
    data = {"extract": held.number, "persons": held.persons, "tables": tables, "waits": held.held}
    data["opt_outs"] = manifest["opt_outs"]
    record(
        "projects.provisioned",
        actor="worker",
        subject=f"project:{held.project.code}",
        data=data,
        once=f"projects.provisioned:{held.pk}",
    )
    if not held.held:
        telling.extract_ready(held)
    _end_when_expired(held)


def _end_when_expired(extract: Extract) -> None:
    """Queue the extract's destruction for the day after its last."""
    due = datetime.combine(extract.ends + timedelta(days=1), time(), UTC)
    once = f"projects.expire:{extract.pk}:{extract.ends}"
    enqueue("projects.expire", {"extract": extract.pk}, once=once, due=due)


@handler("projects.expire")
def expire(payload: dict[str, Any]) -> None:
    """Destroy an extract that is over; where its last day has moved since, come back then."""
    extract = Extract.objects.get(pk=payload["extract"])
    with transaction.atomic():
        if extract.state == "expired":
            lifecycle.begin_destruction(extract, "worker", "Its last day has passed.")
        elif extract.state in ("in use", "waiting for acceptance"):
            _end_when_expired(extract)


@handler(telling.EXTRACT_ENDS)
def tell_extract_ends(payload: dict[str, Any]) -> None:
    """Tell that an extract ends soon."""
    telling.tell_extract_ends(payload["extract"])


@handler(telling.AGREEMENT_ENDS)
def tell_agreement_ends(payload: dict[str, Any]) -> None:
    """Tell that an agreement of a project ends soon."""
    telling.tell_agreement_ends(payload["project"])


@handler("projects.close")
def close(payload: dict[str, Any]) -> None:
    """Archive or destroy the work of a closed project's people, and write the certificate."""
    closing.finish(Closure.objects.select_related("project").get(pk=payload["closure"]))


@handler("projects.destroy")
def destroy(payload: dict[str, Any]) -> None:
    """Remove an extract's bytes, see that they are gone, and write the certificate."""
    lifecycle.destroy(Extract.objects.select_related("project").get(pk=payload["extract"]))


@dataclass(frozen=True)
class Reproduced:
    """What came of making an extract anew: its files, those that differ, and whether the code is the same."""

    files: int
    differing: tuple[str, ...]
    same_code: bool


def reproduce(code: str, number: int, progress: Say | None = None) -> Reproduced:
    """Make an extract again from its pinned versions, in a folder that nobody else sees, and compare every file.

    Raises
    ------
    Refused
        When there is no such extract, or its manifest does not hold its specification.
    JobRefused
        When a version that it was made from is no longer held.
    """
    extract = extract_of(code, number)
    specified = extract.manifest.get("specification", {})
    if not extract.ready or "opt_outs" not in specified:
        raise Refused("The extract cannot be made again", where=f"{code}, {number}", todo="Make a new one")
    scratch = load().path("run", "tmp", f"reproduce-{secrets.token_hex(8)}")
    scratch.mkdir(mode=0o700, parents=True)
    try:
        request = job(extract, specified, str(scratch / "extract"), None)
        remade = run_job("provision", request, keys(extract.project, specified), progress=progress)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    made = files_of(extract.manifest)
    found = Reproduced(len(made), differing(made, files_of(remade)), remade["code"] == extract.manifest["code"])
    with transaction.atomic():
        data = {"extract": number, "files": found.files, "differing": list(found.differing), "code": found.same_code}
        record("projects.reproduced", actor="console", subject=f"project:{code}", data=data)
    return found
