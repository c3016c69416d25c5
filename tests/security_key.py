"""A security key in software: it answers whichever page asks, so that a test can be that page.

Of WebAuthn Level 3 it has what the portal asks for: ES256, no attestation (sections 6.1 and 6.5.1), user present.
"""

from __future__ import annotations

import hashlib
import json
import os
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode

_PRESENT, _ATTESTED = 0x01, 0x40


class SecurityKey:
    """One credential, for one relying party."""

    def __init__(self) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._id, self._count = os.urandom(32), 0

    def make(self, options: dict[str, Any], origin: str) -> str:
        """Return what a browser at an origin sends when asked to make a credential."""
        asked = options["publicKey"]
        public = ES256.from_cryptography_key(self._private.public_key())
        attested = bytes(16) + len(self._id).to_bytes(2, "big") + self._id + cbor.encode(dict(public))
        data = self._data(asked["rp"]["id"], _PRESENT | _ATTESTED) + attested
        told = {
            "clientDataJSON": websafe_encode(self._client_data("webauthn.create", asked, origin)),
            "attestationObject": websafe_encode(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return self._credential(told)

    def answer(self, options: dict[str, Any], origin: str, **client_data: Any) -> str:
        """Return what a browser at an origin sends when asked to use the credential."""
        asked = options["publicKey"]
        client = self._client_data("webauthn.get", asked, origin, **client_data)
        data = self._data(asked["rpId"], _PRESENT)
        signed = self._private.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        told = {"clientDataJSON": client, "authenticatorData": data, "signature": signed}
        return self._credential({name: websafe_encode(value) for name, value in told.items()})

    def _client_data(self, kind: str, asked: dict[str, Any], origin: str, **more: Any) -> bytes:
        challenge = websafe_encode(websafe_decode(asked["challenge"]))
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False} | more
        ).encode()

    def _data(self, relying_party: str, flags: int) -> bytes:
        self._count += 1
        return hashlib.sha256(relying_party.encode()).digest() + bytes([flags]) + self._count.to_bytes(4, "big")

    def _credential(self, response: dict[str, str]) -> str:
        name = websafe_encode(self._id)
        return json.dumps(
            {"type": "public-key", "id": name, "rawId": name, "response": response, "clientExtensionResults": {}}
        )
