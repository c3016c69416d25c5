"""What a placement rests on: the submission and the reviews as the audit log has them, each sealed by the platform.

As :mod:`tre.airlock.evidence` does outwards: whoever owns the database can write a row and an entry, and no seal.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator

from tre.airlock.imports.domain import Said, check_placeable
from tre.airlock.imports.models import ImportRequest
from tre.audit.models import Entry
from tre.errors import Refused
from tre.keys.custody import custody

SUBMITTED, REVIEWED = "imports.submitted", "imports.reviewed"


def submission(request: ImportRequest) -> dict[str, object]:
    """Return what the log is told of a submission. Names and notes are in the seal alone: people type them."""
    files = sorted([file.name, file.sha256, file.size] for file in request.files.all())
    told = [request.project.code, request.author.username, request.licence, request.provenance]
    return {
        "project": request.project.code,
        "files": sorted(str(sha256) for _, sha256, _ in files),
        "seal": _seal("submission", request.pk, *told, files),
    }


def verdict(request: ImportRequest, reviewer: str, choice: str) -> dict[str, object]:
    """Return what the log is told of a review."""
    files = sorted([file.name, file.sha256] for file in request.files.all())
    hashes = sorted(sha256 for _, sha256 in files)
    return {"choice": choice, "files": hashes, "seal": _seal("review", request.pk, reviewer, choice, files)}


def check_decided(request: ImportRequest) -> None:
    """Recompute, from the sealed evidence, that an import may be placed.

    Raises
    ------
    Refused
        When a file was not checked or may not come in, or anything differs from what the log tells
        (:func:`tre.airlock.imports.domain.check_placeable`).
    """
    files = list(request.files.all())
    for file in files:
        checked = file.checked()
        if checked is None or checked.blocks or checked.sha256 != file.sha256:
            raise Refused("A file was not checked, or may not come in", where="import", todo="Tell the auditor")
    if not any(_holds(entry, submission(request)) for entry in _entries(request, SUBMITTED)):
        raise Refused("The files are not those that were submitted", where="import", todo="Tell the auditor")
    past = request.project.past_members.values_list("account__username", flat=True)
    barred = {request.author.username, *request.project.members.values_list("username", flat=True), *past}
    check_placeable([file.sha256 for file in files], list(_said(request)), barred)


def _said(request: ImportRequest) -> Iterator[Said]:
    for entry in _entries(request, REVIEWED):
        choice = str(entry.data.get("choice", ""))
        if not _holds(entry, verdict(request, entry.actor, choice)):
            raise Refused("A review is not what was handed in", where="import", todo="Tell the auditor")
        yield Said(entry.actor, choice, tuple(entry.data["files"]))


def _entries(request: ImportRequest, event: str) -> list[Entry]:
    return list(Entry.objects.filter(event=event, subject=f"import:{request.pk}").order_by("number"))


def _holds(entry: Entry, told: dict[str, object]) -> bool:
    kept = str(entry.data.get("seal", ""))
    return entry.data == told and hmac.compare_digest(kept.encode(), str(told["seal"]).encode())


def _seal(*told: object) -> str:
    body = json.dumps(["import", *told], separators=(",", ":")).encode()
    return hmac.new(custody().derive("airlock-seal"), body, hashlib.sha256).hexdigest()
