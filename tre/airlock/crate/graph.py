"""Writes a release's crate: RO-Crate 1.2 by the Five Safes profile 0.4, the same bytes for the same release."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tre.airlock.crate import phases
from tre.airlock.crate.model import Agent, DataUsed, Organisation, Release, ReleasedFile
from tre.airlock.crate.names import (
    CODE,
    CONTEXT,
    METADATA_FILE,
    PROFILE,
    PROJECT,
    ROOT,
    SPECIFICATION,
    TERMS,
    WORKFLOW_CRATE,
    agent_id,
    data_id,
    file_id,
    publisher_id,
    refer,
    refer_all,
    told,
)

Entity = dict[str, Any]
_IDENTITY, _CONTACT, _FUNDERS = "#release-identity", "#contact", "#funders"


def to_json(release: Release) -> dict[str, Any]:
    """Return the content of the release's ``ro-crate-metadata.json``."""
    return {"@context": [CONTEXT, TERMS], "@graph": list(_entities(release))}


def to_bytes(crate: dict[str, Any]) -> bytes:
    """Return a crate as the file's bytes."""
    return (json.dumps(crate, indent=2, ensure_ascii=False) + "\n").encode()


def _entities(release: Release) -> Iterator[Entity]:
    acts = list(phases.actions(release))
    descriptor = {"@id": METADATA_FILE, "@type": "CreativeWork", "about": refer(ROOT)}
    yield descriptor | {"conformsTo": refer(SPECIFICATION)}
    yield _root(release, [act["@id"] for act in acts])
    profile = {"@id": PROFILE, "@type": ["CreativeWork", "Profile"], "name": "Five Safes RO-Crate profile"}
    yield profile | {"version": "0.4"}
    yield {
        "@id": release.licence.uri,
        "@type": "CreativeWork",
        "name": release.licence.name,
        "description": release.licence.description,
    }
    yield from _who(release)
    yield from _what(release)
    for number, file in enumerate(release.files, start=1):
        yield from _file(number, file)
    yield from acts
    yield from phases.instruments(release)


def _root(release: Release, acts: list[str]) -> Entity:
    parts = [*map(file_id, release.files), CODE, *map(data_id, release.data)]
    funders = {"funder": refer(_FUNDERS)} if release.project.funders else {}
    return funders | {
        "@id": ROOT,
        "@type": "Dataset",
        "identifier": refer(_IDENTITY),
        "name": f"Release {release.identity} of {release.project.title}",
        "description": (
            f"What was let out for request {release.request} of the project {release.project.code}, "
            "with how it was checked and what it was made from."
        ),
        "conformsTo": refer(PROFILE),
        "datePublished": told(release.times.released),
        "license": refer(release.licence.uri),
        "publisher": refer(publisher_id(release.publisher)),
        "sourceOrganization": refer(PROJECT),
        "mainEntity": refer(CODE),
        "hasPart": refer_all(parts),
        "mentions": refer_all(acts),
    }


def _who(release: Release) -> Iterator[Entity]:
    yield {"@id": _IDENTITY, "@type": "PropertyValue", "name": "release identity", "value": release.identity}
    publisher = publisher_id(release.publisher)
    yield from _publisher(release.publisher)
    project = {"@id": PROJECT, "@type": "Project", "name": release.project.title}
    yield project | {"identifier": refer("#project-code")}
    yield {"@id": "#project-code", "@type": "PropertyValue", "name": "project code", "value": release.project.code}
    requester = _person(release.requester) | {"memberOf": refer(PROJECT)}
    if release.project.organisation:
        requester["affiliation"] = refer("#organisation")
        yield {"@id": "#organisation", "@type": "Organization", "name": release.project.organisation}
    yield requester
    if release.project.funders:
        yield {"@id": _FUNDERS, "@type": "Organization", "name": release.project.funders}
    for review in release.reviews:
        yield _person(review.by) | {"affiliation": refer(publisher)}


def _publisher(publisher: Organisation) -> Iterator[Entity]:
    about: Entity = {"@id": publisher_id(publisher), "@type": "Organization", "name": publisher.name}
    if publisher.uri:
        about["url"] = publisher.uri
    if publisher.contact:
        about["contactPoint"] = refer(_CONTACT)
        point = {"@id": _CONTACT, "@type": "ContactPoint", "name": "Contact of the research environment"}
        yield point | {"email": publisher.contact}
    yield about


def _person(agent: Agent) -> Entity:
    return {"@id": agent_id(agent), "@type": "Person", "name": agent.name}


def _what(release: Release) -> Iterator[Entity]:
    code: Entity = {"@id": CODE, "@type": "Dataset", "name": release.code.name}
    there = [file_id(each) for each in release.files if each.code]
    code["description"] = (
        "The code that was submitted with the files. All else stays inside the research environment."
        if there
        else "It stays inside the research environment, where the project's people have it."
    )
    if there:
        code["hasPart"] = refer_all(there)
    if release.code.version:
        code["version"] = release.code.version
    if release.code.workflow:
        code["conformsTo"] = refer(WORKFLOW_CRATE)
    yield code
    for each in release.data:
        yield from _data(each)


def _data(used: DataUsed) -> Iterator[Entity]:
    about: Entity = {"@id": data_id(used), "@type": "Dataset", "name": f"Extract {used.extract} of the project"}
    about["description"] = "Person-level data, which stays inside the research environment."
    versions = [(f"{data_id(used)}-{dataset}", dataset, version) for dataset, version in used.versions]
    if versions:
        about["additionalProperty"] = refer_all(identity for identity, _, _ in versions)
    yield about
    for identity, dataset, version in versions:
        yield _value(identity, f"Version of {dataset}", dataset, version)


def _file(number: int, file: ReleasedFile) -> Iterator[Entity]:
    about: Entity = {
        "@id": file_id(file),
        "@type": ["File", "SoftwareSourceCode"] if file.code else "File",
        "name": file.name,
        "description": f"An output of {file.size} bytes, as it was submitted and checked.",
        "encodingFormat": file.media_type,
        "contentSize": str(file.size),
        "sha256": file.sha256,
    }
    told: list[Entity] = [
        _value(f"#finding-{number}-{place}", f"Findings by the rule {rule}", rule, count)
        for place, (rule, count) in enumerate(file.findings, start=1)
    ]
    told += [
        _value(f"#made-{number}-{place}", f"Made by the platform: {what}", f"made by {what}", value)
        for place, (what, value) in enumerate(file.made, start=1)
    ]
    if told:
        about["additionalProperty"] = refer_all(str(each["@id"]) for each in told)
    yield about
    yield from told


def _value(identity: str, name: str, of: str, value: str | int) -> Entity:
    return {"@id": identity, "@type": "PropertyValue", "name": name, "propertyID": of, "value": value}
