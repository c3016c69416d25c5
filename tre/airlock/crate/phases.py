"""The profile's phases as actions: requested run, check, validation, sign-off, disclosure and publishing.

Each is told as it stood when the release was written: what did not happen has no action.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from tre.airlock.crate.model import Release
from tre.airlock.crate.names import (
    CODE,
    PLATFORM,
    PROFILE,
    PROJECT,
    ROOT,
    SHP,
    agent_id,
    data_id,
    file_id,
    publisher_id,
    refer,
    refer_all,
    told,
    uuid_of,
)

Entity = dict[str, Any]
COMPLETED = "http://schema.org/CompletedActionStatus"
# Named information hash algorithms (RFC 6920), as the profile's own examples name them.
SHA256 = "https://www.iana.org/assignments/named-information#sha-256"
SHA512 = "https://www.iana.org/assignments/named-information#sha-512"
_AGREEMENT, _RULES, _REVIEW_POLICY = "#agreement", "#disclosure-rules", "#review-policy"


def actions(release: Release) -> Iterator[Entity]:
    """Yield what was done, in the order that it was done in."""
    times = release.times
    if release.project.approved is not None:
        yield _sign_off(release, release.project.approved)
    yield _run(release)
    yield _assess(release, "inspection", "DisclosureCheck", _inspected(release), times.inspected) | {
        "instrument": refer(_RULES),
        "agent": refer(PLATFORM),
    }
    yield from _reviews(release)
    yield _decision(release)
    name = f"SHA-256 of the {len(release.files)} released files is what was submitted and reviewed: OK"
    yield _assess(release, "check", "CheckValue", name, times.released) | {
        "object": refer_all([ROOT, *map(file_id, release.files)]),
        "instrument": refer(SHA256),
        "agent": refer(PLATFORM),
    }
    name = "Validation against Five Safes RO-Crate profile: approved"
    yield _assess(release, "validation", "ValidationCheck", name, times.released) | {
        "instrument": refer(PROFILE),
        "agent": refer(PLATFORM),
    }
    yield _published(release)


def instruments(release: Release) -> Iterator[Entity]:
    """Yield what the actions were done by and with."""
    environment = release.environment
    yield {
        "@id": PLATFORM,
        "@type": "SoftwareApplication",
        "name": "The airlock of the research environment",
        "version": environment.version,
        "url": environment.url,
        "softwareRequirements": f"Packages of the lock file with SHA-256 {environment.lock_sha256}",
        "provider": refer(publisher_id(release.publisher)),
    }
    yield {"@id": SHA256, "@type": "DefinedTerm", "name": "sha-256 algorithm"}
    yield {"@id": SHA512, "@type": "DefinedTerm", "name": "sha-512 algorithm"}
    yield {"@id": _RULES, "@type": "CreativeWork", "name": f"Disclosure rules: the rule set {release.profile}"}
    yield {"@id": _REVIEW_POLICY, "@type": "CreativeWork", "name": release.reviewed_by}
    if release.project.approved is not None:
        agreement: Entity = {"@id": _AGREEMENT, "@type": "CreativeWork", "name": "Data-sharing agreement and approval"}
        digest = release.project.digest
        yield agreement | ({"sha256": digest} if digest else {})


def _run(release: Release) -> Entity:
    return {
        "@id": f"#run-{uuid_of(release.identity, 'run')}",
        "@type": "CreateAction",
        "name": f"Work that request {release.request} asked to let out",
        "agent": refer(agent_id(release.requester)),
        "instrument": refer(CODE),
        "object": refer_all(map(data_id, release.data)),
        "result": refer_all(map(file_id, release.files)),
        "endTime": told(release.times.submitted),
        "actionStatus": COMPLETED,
    }


def _sign_off(release: Release, approved: datetime) -> Entity:
    return _assess(release, "signoff", "SignOff", "Approval of the project for its data: approved", approved) | {
        "object": refer_all([ROOT, CODE, PROJECT]),
        "instrument": refer(_AGREEMENT),
        "agent": refer(publisher_id(release.publisher)),
    }


def _inspected(release: Release) -> str:
    found = sum(count for file in release.files for _, count in file.findings)
    told_of = f"{found} findings, for the checkers to answer" if found else "nothing found"
    return f"Automated disclosure inspection: {told_of}"


def _reviews(release: Release) -> Iterator[Entity]:
    """Yield each checker's own say, which is not the decision: of three, one may have said otherwise."""
    for number, review in enumerate(release.reviews, start=1):
        identity = f"#review-{number}-{uuid_of(release.identity, f'review {number}')}"
        yield {
            "@id": identity,
            "@type": "AssessAction",
            "name": f"Review by {review.by.name}: {review.choice}",
            "object": refer_all([ROOT, *map(file_id, release.files)]),
            "agent": refer(agent_id(review.by)),
            "instrument": refer(_REVIEW_POLICY),
            "endTime": told(review.at),
            "actionStatus": COMPLETED,
        }


def _decision(release: Release) -> Entity:
    said = Counter(review.choice for review in release.reviews)
    by = f"approved by {said['approve']} of {said.total()} checkers" if said else "let pass by a written policy"
    name = f"Disclosure check of the files: {by}"
    return _assess(release, "disclosure", "DisclosureCheck", name, release.times.decided) | {
        "object": refer_all([ROOT, *map(file_id, release.files)]),
        "agent": refer_all(agent_id(review.by) for review in release.reviews) if said else refer(PLATFORM),
        "instrument": refer(_REVIEW_POLICY),
    }


def _published(release: Release) -> Entity:
    """Return the writing of the bag's manifests: its time is when it began, for its end comes after this file."""
    made = _assess(release, "bagit", "GenerateCheckValue", "BagIt manifests of the crate written", None)
    return made | {
        "@type": "UpdateAction",
        "startTime": told(release.times.released),
        "instrument": refer(SHA512),
        "agent": refer(PLATFORM),
    }


def _assess(release: Release, part: str, phase: str, name: str, ended: datetime | None) -> Entity:
    return {
        "@id": f"#{part}-{uuid_of(release.identity, part)}",
        "@type": "AssessAction",
        "additionalType": refer(SHP + phase),
        "name": name,
        "object": refer(ROOT),
        **({"endTime": told(ended)} if ended else {}),
        "actionStatus": COMPLETED,
    }
