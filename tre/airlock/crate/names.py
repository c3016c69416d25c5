"""What things are called in a crate: fixed addresses, identifiers, references and times."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote
from uuid import NAMESPACE_URL, UUID, uuid5

from tre.airlock.crate.model import Agent, DataUsed, Organisation, ReleasedFile

METADATA_FILE = "ro-crate-metadata.json"
CONTEXT = "https://w3id.org/ro/crate/1.2/context"
TERMS = {"sha256": "http://schema.org/sha256"}  # said by itself: not every version of the context has it
SPECIFICATION = "https://w3id.org/ro/crate/1.2"
PROFILE = "https://w3id.org/5s-crate/0.4"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
SHP = "https://w3id.org/shp#"  # the Safe Haven Provenance ontology, whose terms say which phase an action is
ROOT, PROJECT, CODE, PLATFORM = "./", "#project", "#code", "#platform"


def refer(identity: str) -> dict[str, str]:
    """Return a reference to an entity."""
    return {"@id": identity}


def refer_all(identities: Iterable[str]) -> dict[str, str] | list[dict[str, str]]:
    """Return references to entities, each once; to one by itself, as RO-Crate's JSON-LD asks."""
    several = [refer(each) for each in dict.fromkeys(identities)]
    return several[0] if len(several) == 1 else several


def told(at: datetime) -> str:
    """Return a time as RFC 3339 writes it, in UTC and to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def uuid_of(release: str, part: str = "") -> UUID:
    """Return the identifier of a release, or of a part of it: the same each time (RFC 4122, version 5)."""
    return uuid5(NAMESPACE_URL, f"{PROFILE}/{release}/{part}")


def file_id(file: ReleasedFile) -> str:
    """Return a file's identifier: its path from the root, as RFC 3986 writes a path."""
    return quote(file.name)


def data_id(used: DataUsed) -> str:
    """Return an extract's identifier."""
    return f"#extract-{used.extract}"


def agent_id(agent: Agent) -> str:
    """Return a person's identifier."""
    return agent.identity if ":" in agent.identity else f"#{agent.identity}"


def publisher_id(publisher: Organisation) -> str:
    """Return the publisher's identifier: its address, where it has one."""
    return publisher.uri or "#publisher"
