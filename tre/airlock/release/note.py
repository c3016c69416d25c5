"""Writes a release's crate beside its files, from the database and the audit log: run again, the same bytes."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from tre.airlock.crate import METADATA_FILE, check, to_bytes, to_json
from tre.airlock.crate.model import (
    Agent,
    Code,
    DataUsed,
    Environment,
    Organisation,
    Project,
    Release,
    ReleasedFile,
    Review,
    Times,
)
from tre.airlock.domain import AUDIT_EVENTS
from tre.airlock.evidence import SUBMITTED
from tre.airlock.models import Request, RequestFile
from tre.airlock.release.media import media_type
from tre.airlock.release.policy import release_policy
from tre.audit.models import Entry
from tre.catalogue.metadata import load_metadata
from tre.config.options import REPOSITORY, load
from tre.errors import Refused
from tre.hashing import sha256_of
from tre.keys.custody import custody
from tre.projects.specification import pinned_versions
from tre.runs.attested.lookup import attested_among
from tre.runs.attested.models import Run, RunOutput
from tre.runs.attested.services import digest
from tre.runs.attested.statement import made_from


def write_note(request: Request, identity: str, folder: Path) -> str:
    """Write the crate of a release into its folder, whole or not at all, and return the SHA-256 of its bytes.

    Raises
    ------
    Refused
        When the log does not tell when what must have happened did.
    CrateBroken
        When the crate does not keep the profile.
    """
    crate = to_json(described(request, identity))
    check(crate)
    content = to_bytes(crate)
    staged = folder / f".{METADATA_FILE}.{secrets.token_hex(8)}.staged"
    with staged.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    os.replace(staged, folder / METADATA_FILE)  # of two workers, the second puts the same bytes there
    return hashlib.sha256(content).hexdigest()


def described(request: Request, identity: str) -> Release:
    """Return what a release's crate tells: of a finding its rule and count alone, and no word that anybody typed."""
    metadata, policy = load_metadata(), release_policy()
    files = request.leaving()
    first = next((found for file in files if (found := file.inspected())), None)
    return Release(
        identity=identity,
        request=request.pk,
        project=_project(request),
        requester=Agent("requester", request.author.username),
        files=_files(request, files),
        reviews=_reviews(request),
        times=_times(request),
        data=_data(request),
        code=Code(f"Code of {request.project.title}"),
        environment=_environment(),
        publisher=Organisation(metadata.publisher, metadata.publisher_uri, metadata.contact),
        licence=policy.licence,
        profile=first.profile if first else "",
        reviewed_by=_asked_for(request),
    )


def _project(request: Request) -> Project:
    project = request.project
    approval = project.approvals.filter(at__lte=request.created).order_by("-at").first()
    return Project(
        project.code,
        project.title,
        project.organisation,
        project.funders,
        approval.at if approval else None,
        approval.digest if approval else "",
    )


def _files(request: Request, files: Sequence[RequestFile]) -> tuple[ReleasedFile, ...]:
    made = attested_among(request.project, [file.sha256 for file in files])
    return tuple(_file(file, made.get(file.sha256)) for file in files)


def _file(file: RequestFile, output: RunOutput | None) -> ReleasedFile:
    found = file.inspected()
    kind, findings = (found.type, found.findings) if found else ("", ())
    counts: Counter[str] = Counter()
    for each in findings:
        counts[each.rule] += each.count
    return ReleasedFile(
        file.name, file.sha256, file.size, media_type(kind), tuple(sorted(counts.items())), file.kind == "code",
        _made(output.run) if output else (),
    )  # fmt: skip


def _made(run: Run) -> tuple[tuple[str, str], ...]:
    """Return how the platform made a file: hashes alone, which the run's statement and the log tell too."""
    return (("run", run.subject()), ("specification", digest(run.spec)), *made_from(run.attestation))


def _asked_for(request: Request) -> str:
    """Return what the policy asked for, of how many checkers and by which written class."""
    many = {0: "No output checker", 1: "One output checker", 2: "Two independent output checkers"}
    told = many.get(request.checkers, f"{request.checkers} independent output checkers")
    return f"{told}, by the class {request.low_risk}" if request.low_risk else f"{told}, never a member"


def _reviews(request: Request) -> tuple[Review, ...]:
    """Return what each checker said last of the turn that is released: in a consolidation they may say it anew."""
    handed_in = request.reviews.filter(turn=request.turn, handed_in__isnull=False).select_related("checker")
    last = {each.checker.username: each for each in handed_in.order_by("round")}
    in_order = sorted(last.values(), key=lambda each: each.pk)
    return tuple(
        Review(_checker(number, each.checker.username), each.choice, each.handed_in or each.at)
        for number, each in enumerate(in_order, start=1)
    )


def _checker(number: int, username: str) -> Agent:
    """Return a checker as the policy lets a crate name them."""
    shown = release_policy().reviewers
    if shown == "name":
        return Agent(f"checker-{number}", username)
    if shown == "pseudonym":
        mark = hmac.new(custody().derive("checker-pseudonym"), username.encode(), hashlib.sha256).hexdigest()[:16]
        return Agent(f"checker-{mark}", f"Output checker {mark}")
    return Agent(f"checker-{number}", f"Output checker {number}")


def _times(request: Request) -> Times:
    return Times(
        submitted=_when(request, SUBMITTED),
        inspected=_when(request, AUDIT_EVENTS["pass_to_review"]),
        decided=_when(request, AUDIT_EVENTS["approve" if request.checkers else "let_pass"]),
        released=_when(request, AUDIT_EVENTS["release"]),
    )


def _when(request: Request, event: str) -> datetime:
    entry = Entry.objects.filter(event=event, subject=f"request:{request.pk}").order_by("number").last()
    if entry is None:
        raise Refused(f"The log does not tell of {event}", where="release", todo="Stop and tell the auditor")
    return entry.at


def _data(request: Request) -> tuple[DataUsed, ...]:
    """Return the extracts that the project had when it asked, and had not given back."""
    made = request.project.extracts.filter(ready=True, created__lte=request.created).order_by("number")
    held = [each for each in made if each.destroyed is None or each.destroyed > request.created]
    return tuple(DataUsed(each.number, _versions(each.manifest)) for each in held)


def _versions(manifest: dict[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(version)) for name, version in sorted(pinned_versions(manifest).items()))


def _environment() -> Environment:
    return Environment(version("tre"), sha256_of(REPOSITORY / "requirements.lock"), load().portal)
