"""Whether a released model may still be served: told by the platform, under its signature, and for a time only.

A signature over a model's files is good for ever; whether the model is still to be used is not. So the platform tells a
standing of each version, which ends soon and is renewed. Whoever holds back the newest one ends the serving (a freeze
attack), and an older one is not taken again (a roll-back attack): The Update Framework, version 1.0.34, sections 1.5.2
and 5.4, whose timestamp role this follows.
"""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ml.errors import LearningRefused
from ml.released import Statement

TAG = "standing"
# Before what is signed, so that no signature over a model's files is one over a standing (RFC 8446, section 4.4.3,
# separates its contexts so).
_CONTEXT = b"tre model standing, version 1\n"


@dataclass(frozen=True)
class Standing:
    """What the platform says of one version of a model.

    Parameters
    ----------
    name, release, model : str
        Which model it is: see :class:`ml.released.Statement`.
    version : int
        Its version in the registry.
    serial : int
        Rises with each change of what is said of this version.
    recalled : bool
        Nobody is to use it any more.
    retires : str
        The day, as ISO 8601 (UTC), from which it may not be served; empty where there is none.
    issued, until : str
        When this was said and until when it counts, as ISO 8601 with an offset.
    """

    name: str
    release: str
    model: str
    version: int
    serial: int
    recalled: bool
    retires: str
    issued: str
    until: str

    def seal(self, private_key: bytes) -> str:
        """Return it as JSON with its signature (ECDSA, P-256, SHA-256), under a private key as PEM."""
        key = serialization.load_pem_private_key(private_key, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise LearningRefused("A standing is signed with a key on an elliptic curve", where="release key")
        told = json.dumps(asdict(self), sort_keys=True)
        signature = key.sign(_CONTEXT + told.encode(), ec.ECDSA(hashes.SHA256()))
        return json.dumps({"standing": told, "signature": base64.b64encode(signature).decode()})

    @classmethod
    def open(cls, sealed: str, public: Path) -> Standing:
        """Return the standing that was sealed with the release key.

        Raises
        ------
        LearningRefused
            It is none, or another key's.
        """
        try:
            parts = json.loads(sealed)
            key = serialization.load_pem_public_key(public.read_bytes())
            if not isinstance(key, ec.EllipticCurvePublicKey):
                raise ValueError
            content, signature = parts["standing"].encode(), base64.b64decode(parts["signature"], validate=True)
            key.verify(signature, _CONTEXT + content, ec.ECDSA(hashes.SHA256()))
            return cls(**json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, InvalidSignature) as error:
            raise LearningRefused(
                "What the registry says of the model is not the platform's word",
                where=TAG,
                todo="Do not serve it; tell the operator",
            ) from error

    def newer_than(self, other: Standing) -> bool:
        """Tell whether this was said after another standing of the same model."""
        return (self.serial, self._issued()) > (other.serial, other._issued())

    def _issued(self) -> datetime:
        return datetime.fromisoformat(self.issued)

    def is_about(self, statement: Statement) -> bool:
        """Tell whether this is said of the model of a statement."""
        return (self.name, self.release, self.model) == (statement.name, statement.release, statement.model)

    def check(self, statement: Statement, now: datetime) -> None:
        """Refuse what is said of another model, what counts no longer, and a model that may not be served.

        Parameters
        ----------
        statement : Statement
            Of the folder that is served, which was verified.
        now : datetime
            With its offset.

        Raises
        ------
        LearningRefused
            Saying which of these it is.
        """
        if not self.is_about(statement):
            raise LearningRefused("What the registry says is about another model", where=self.name)
        where = f"{self.name}, version {self.version}"
        if self.recalled:
            raise LearningRefused("The model is recalled", where=where, todo="Stop using it, and delete it")
        if self.retires and now.astimezone(UTC).date().isoformat() >= self.retires:
            raise LearningRefused(
                f"The model is retired since {self.retires}", where=where, todo="Fetch the version that its alias names"
            )
        if now >= datetime.fromisoformat(self.until):
            raise LearningRefused(
                "Nobody has said lately that the model may be served",
                where=where,
                todo="See whether the registry can be reached",
            )
