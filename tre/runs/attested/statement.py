"""What a run attests: an in-toto statement of how its outputs came about, signed by the platform in a DSSE envelope.

The statement is of version 1 (in-toto Attestation Framework, spec/v1/statement.md), its predicate SLSA's provenance of
version 1 (slsa.dev/spec/v1.0/provenance), the envelope DSSE 1.0 (secure-systems-lab/dsse), the key Ed25519 (RFC 8032)
out of custody. A verifier raises or returns what it has verified, never a bool.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.json_format import ParseDict, ParseError
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey  # type: ignore[attr-defined]

from tre.errors import Refused

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://slsa.dev/provenance/v1"
_BUILD_TYPE = "urn:tre:attested-run:{}:1"
_BUILDER = "urn:tre:platform"


class AttestationBroken(Refused):
    """An attestation is none, was not signed by this platform, or does not tell of the file."""


@dataclass(frozen=True)
class Subject:
    """A file that a run made: its name, and SHA-256 in hexadecimal."""

    name: str
    sha256: str


@dataclass(frozen=True)
class Course:
    """How a run came about, as its statement tells.

    Parameters
    ----------
    kind : str
        What was carried out.
    spec : mapping
        What the researcher specified.
    internal : mapping
        What the platform added: project, extract, rules, budget.
    materials : mapping of str to str
        SHA-256 of all that it was made from, by what it is: the extract's manifest, the code, the environment, the
        policy.
    number : str
        What the audit log calls the run.
    began, ended : str
        UTC, in ISO 8601.
    """

    kind: str
    spec: Mapping[str, Any]
    internal: Mapping[str, Any]
    materials: Mapping[str, str]
    number: str
    began: str
    ended: str


def statement(course: Course, outputs: Sequence[Subject]) -> dict[str, Any]:
    """Return the statement of a run."""
    materials = [{"name": name, "digest": {"sha256": digest}} for name, digest in sorted(course.materials.items())]
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": each.name, "digest": {"sha256": each.sha256}} for each in outputs],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "buildDefinition": {
                "buildType": _BUILD_TYPE.format(course.kind),
                "externalParameters": dict(course.spec),
                "internalParameters": dict(course.internal),
                "resolvedDependencies": materials,
            },
            "runDetails": {"builder": {"id": _BUILDER}, "metadata": _metadata(course)},
        },
    }


def _metadata(course: Course) -> dict[str, str]:
    """Return the run's name and times, without the end of a training that searched.

    How many trials a private search made is secret, and how long it took tells about that; a statement may leave with
    the model. SLSA asks for no end (see docs/decisions/0041-private-search-and-real-uses.md).
    """
    training = course.spec.get("training")
    searched = isinstance(training, Mapping) and training.get("search") is not None
    ended = {} if searched else {"finishedOn": course.ended}
    return {"invocationId": course.number, "startedOn": course.began, **ended}


def sign(told: Mapping[str, Any], key: Ed25519PrivateKey) -> dict[str, Any]:
    """Return the DSSE envelope of a statement, as JSON values."""
    payload = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    envelope = Envelope(payload, PAYLOAD_TYPE, {})
    envelope.sign(CryptoSigner(key, _key(key.public_key())))
    return dict(envelope.to_dict())


def verify(envelope: Mapping[str, Any], key: Ed25519PublicKey, sha256: str) -> dict[str, Any]:
    """Return the statement that an envelope holds, once it is known to be signed and to tell of a file.

    Parameters
    ----------
    key : Ed25519PublicKey
        The platform's.
    sha256 : str
        Of the file, in hexadecimal.

    Raises
    ------
    AttestationBroken
        When the envelope is none, its signature does not hold, it is no such statement, or the file is not its subject.
    """
    told = _opened(envelope, key)
    if told.get("predicateType") != PREDICATE_TYPE or sha256 not in _subjects(told):
        raise AttestationBroken("The attestation does not tell of this file", where=sha256[:12])
    return told


def kind_of(told: Mapping[str, Any]) -> str:
    """Return which kind of run a statement tells of."""
    before, after = _BUILD_TYPE.split("{}")
    return str(told["predicate"]["buildDefinition"]["buildType"]).removeprefix(before).removesuffix(after)


def made_from(envelope: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a run's own envelope says that it was made from: names, and SHA-256 of each; none before it is done.

    It is read as it stands: who relies on it verifies it.
    """
    if not envelope:
        return []
    told = json.loads(base64.b64decode(envelope["payload"]))
    found = told["predicate"]["buildDefinition"]["resolvedDependencies"]
    return [(str(each["name"]), str(each["digest"]["sha256"])) for each in found]


def _opened(envelope: Mapping[str, Any], key: Ed25519PublicKey) -> dict[str, Any]:
    try:
        found = Envelope.from_dict(json.loads(json.dumps(envelope)))
        found.verify([_key(key)], 1)
        if found.payload_type != PAYLOAD_TYPE:
            raise ValueError("another payload")
        told: dict[str, Any] = json.loads(found.payload)
        Statement.copy_from_pb(ParseDict(told, StatementMessage())).validate()
    except (
        VerificationError,
        FormatError,
        ParseError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
    ):
        raise AttestationBroken(
            "The attestation is not one that this platform signed", todo="Stop and tell the auditor"
        ) from None
    return told


def _subjects(told: Mapping[str, Any]) -> set[str]:
    return {str(each["digest"].get("sha256", "")) for each in told["subject"]}


def _key(public: Ed25519PublicKey) -> SSlibKey:
    # Its identifier is the key itself: there is one, and no list to look it up in.
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    name = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return SSlibKey(name, "ed25519", "ed25519", {"public": raw.hex()})
