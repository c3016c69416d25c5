"""The end of an extract, and what must be answered for before it is used: acceptance, destruction, the certificate."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from django.db import transaction
from django.utils import timezone

from tre.audit.services import record
from tre.config.options import load
from tre.errors import Refused
from tre.keys.custody import custody
from tre.policy.decision import require
from tre.policy.domain import Principal
from tre.projects.domain import check_acceptable, check_destroyable
from tre.projects.models import Extract
from tre.projects.services import current_extract, extract_of, get
from tre.projects.telling import extract_ready
from tre.runs.queue import enqueue

_PURPOSE = "destruction-certificate"


def folder_of(extract: Extract) -> Path:
    """Return the folder of an extract's bytes."""
    return load().path("projects", extract.project.code, "extracts", str(extract.number))


def is_whole(extract: Extract) -> bool:
    """Return whether the extract's bytes are there: its manifest is written last."""
    return (folder_of(extract) / "manifest.json").exists()


@transaction.atomic
def accept_risk(code: str, number: int, reason: str, actor: Principal) -> Extract:
    """Let an extract be used although a group in it is smaller than the floor.

    Raises
    ------
    Refused
        When the person may not, asked for the extract themselves, gives no reason, or there is nothing to accept.
    """
    project, extract = get(code, lock=True), extract_of(code, number, lock=True)
    require(actor, "accept_risk", project.resource())
    check_acceptable(extract.state, reason, extract.asked_by, actor.username)
    extract.held, extract.accepted_by, extract.accepted_why = False, actor.username, reason.strip()
    extract.save(update_fields=["held", "accepted_by", "accepted_why"])
    risk = extract.manifest["risk"]
    ks = {each["table"]: each["k"] for each in risk["tables"]}
    data = {"extract": number, "why": extract.accepted_why, "floor": risk["floor"], "k": ks}
    record("projects.risk_accepted", actor=actor.username, subject=f"project:{code}", data=data)
    extract_ready(extract)
    return extract


@transaction.atomic
def ask_for_destruction(code: str, number: int, reason: str, actor: Principal) -> Extract:
    """Take an extract out of use at once and queue the removal of its bytes.

    Raises
    ------
    Refused
        When the person may not, gives no reason, or there is nothing to destroy.
    """
    project, extract = get(code, lock=True), extract_of(code, number, lock=True)
    require(actor, "destroy_extract", project.resource())
    check_destroyable(extract.state, reason)
    begin_destruction(extract, actor.username, reason.strip())
    return extract


def begin_destruction(extract: Extract, actor: str, reason: str) -> None:
    """Take an extract out of use, with the workspaces that have it open, in the caller's transaction."""
    from tre.workspace.services import close_workspaces_of  # workspace knows projects

    in_use = current_extract(extract.project)
    extract.end_asked_by, extract.end_why = actor, reason
    extract.save(update_fields=["end_asked_by", "end_why"])
    if in_use is None or in_use.pk == extract.pk:  # none: what is open was opened on an extract that is over
        close_workspaces_of(extract.project, "its extract is being destroyed")
    data = {"extract": extract.number, "why": reason}
    record("projects.destruction_asked", actor=actor, subject=f"project:{extract.project.code}", data=data)
    enqueue("projects.destroy", {"extract": extract.pk}, once=f"projects.destroy:{extract.pk}")


def destroy(extract: Extract) -> None:
    """Remove an extract's bytes, see that they are gone, and write the certificate; done already, nothing changes.

    Raises
    ------
    Refused
        When nobody asked for it.
    OSError
        When the bytes cannot be removed: the job is tried again, and no certificate is written.
    """
    if extract.destroyed is not None:
        return
    if not extract.end_asked_by:
        raise Refused("Nobody asked for this extract's destruction", where=str(extract))
    folder = folder_of(extract)
    for each in (folder, *(folder.with_name(f".{folder.name}.{kind}") for kind in ("staged", "spark"))):
        if each.exists():
            shutil.rmtree(each)
        if os.path.lexists(each):
            raise OSError(f"{extract} is still there")
    if folder.parent.exists():
        make_durable(folder.parent)
    _certify(extract)


def make_durable(folder: Path) -> None:
    """Have what was made or removed in a folder reach the disk before it is certified."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@transaction.atomic
def _certify(extract: Extract) -> None:
    held = Extract.objects.select_for_update().get(pk=extract.pk)
    if held.destroyed is not None:
        return
    held.destroyed = timezone.now()
    held.certificate = sign(_statement(held))
    held.save(update_fields=["destroyed", "certificate"])
    subject, once = f"project:{held.project.code}", f"projects.destroyed:{held.pk}"
    record("projects.destroyed", actor="worker", subject=subject, data=held.certificate, once=once)


def _statement(extract: Extract) -> dict[str, Any]:
    manifest = json.dumps(extract.manifest, sort_keys=True)
    return {
        "project": extract.project.code,
        "extract": extract.number,
        "destroyed": extract.destroyed.isoformat() if extract.destroyed else None,
        "why": extract.end_why,
        "asked_by": extract.end_asked_by,
        "verified": "The extract's folder was removed, and looked for afterwards and not found.",
        "manifest_sha256": hashlib.sha256(manifest.encode()).hexdigest(),
        "tables": [
            {"name": table["name"], "rows": table["rows"], "files": table["files"]}
            for table in extract.manifest["tables"]
        ],
    }


def sign(statement: dict[str, Any]) -> dict[str, str]:
    """Return a statement as a certificate: ``body`` (JSON text), ``signature`` and ``public_key`` in hexadecimal.

    The signature is Ed25519 (RFC 8032) under the installation's key of this purpose.
    """
    key, body = custody().signing_key(_PURPOSE), json.dumps(statement, sort_keys=True)
    public = key.public_key().public_bytes_raw().hex()
    return {"body": body, "signature": key.sign(body.encode()).hex(), "public_key": public}


def verify_certificate(certificate: dict[str, str]) -> dict[str, Any]:
    """Return what a certificate states, after its signature was verified under this installation's own key.

    Raises
    ------
    Refused
        When it is not this installation's, or was altered.
    """
    try:
        public = custody().signing_key(_PURPOSE).public_key()
        public.verify(bytes.fromhex(certificate["signature"]), certificate["body"].encode())
        stated: dict[str, Any] = json.loads(certificate["body"])
    except (InvalidSignature, KeyError, ValueError):
        raise Refused("The certificate's signature is wrong", where="certificate") from None
    return stated


def certificate_of(code: str, number: int, actor: Principal) -> dict[str, str]:
    """Return the certificate of an extract's destruction.

    Raises
    ------
    Refused
        When the person may not read it, or the extract is not destroyed.
    """
    require(actor, "read_certificate", get(code).resource())
    extract = extract_of(code, number)
    if extract.destroyed is None:
        raise Refused("The extract is not destroyed", where=f"{code}, {number}")
    certificate: dict[str, str] = extract.certificate
    return certificate
