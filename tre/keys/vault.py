"""Key custody in HashiCorp Vault: its transit engine keeps the secrets and answers with an HMAC under them.

Each purpose has a transit key of its own, ``PREFIX-PURPOSE``, and a generation is a version of it. What Vault answers
to the derivation's label goes through HKDF as the secret of a file would; the transit key itself never leaves Vault.
See https://developer.hashicorp.com/vault/api-docs/secret/transit ("Generate HMAC", "Read key", "Rotate key").
"""

from __future__ import annotations

import base64
import binascii
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tre.keys.custody import read_owned
from tre.keys.derivation import KEY_BYTES, Deriving, KeyCustodyError

if TYPE_CHECKING:
    from tre.config.options import Options

_SECONDS = 10.0
_TOLD = {
    400: ("Vault does not answer this question", "Look whether the key's type can make an HMAC"),
    403: ("Vault refuses this token", "Renew the token, or allow it the transit paths of this key"),
    404: ("Vault holds no such key", "Make it: vault write -f MOUNT/keys/NAME"),
    503: ("Vault is sealed or being serviced", "Unseal it"),
}


class VaultKeystore(Deriving):
    """Derives keys by a Vault transit engine.

    Parameters
    ----------
    address : str
        Such as ``https://vault.example:8200``.
    mount, prefix : str
        Where the transit engine is mounted, and what its keys' names begin with.
    token_file : Path
        Holds the token, mode 0600; read anew for each question, so that an agent can renew it.
    authorities : Path, optional
        Certificates to trust in place of the system's.
    """

    def __init__(
        self, *, address: str, mount: str, prefix: str, token_file: Path, authorities: Path | None = None
    ) -> None:
        self._mount, self._prefix, self._token_file = mount, prefix, token_file
        trusted = ssl.create_default_context(cafile=str(authorities) if authorities else None)
        # A redirect would carry the token to another address, and a proxy from the environment would see it.
        self._http = httpx.Client(
            base_url=address, verify=trusted, timeout=_SECONDS, follow_redirects=False, trust_env=False
        )

    @classmethod
    def from_options(cls, options: Options) -> VaultKeystore:
        """Return the custodian that the settings describe.

        Raises
        ------
        KeyCustodyError
            When the address or the token's file is not told.
        """
        if not options.vault_address or options.vault_token_file is None:
            raise KeyCustodyError(
                "Vault needs an address and a token", where="TRE_VAULT_ADDRESS, TRE_VAULT_TOKEN_FILE", todo="Set both"
            )
        return cls(
            address=options.vault_address,
            mount=options.vault_mount,
            prefix=options.vault_prefix,
            token_file=options.vault_token_file,
            authorities=options.vault_ca_file,
        )

    def generation(self, purpose: str) -> int:
        """Return the newest version of a purpose's transit key."""
        version = self._ask("GET", f"keys/{self._name(purpose)}", purpose).get("latest_version")
        if not isinstance(version, int) or version < 1:
            raise KeyCustodyError("Vault told no version", where=self._name(purpose), todo="Look at the key in Vault")
        return version

    def _rotate(self, purpose: str) -> int:
        self._ask("POST", f"keys/{self._name(purpose)}/rotate", purpose)
        return self.generation(purpose)

    def _secret(self, purpose: str, generation: int, info: bytes) -> bytes:
        question = {"input": base64.b64encode(info).decode(), "key_version": generation}
        told = str(self._ask("POST", f"hmac/{self._name(purpose)}/sha2-256", purpose, question).get("hmac"))
        marker, _, encoded = told.rpartition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            secret = b""
        if marker != f"vault:v{generation}" or len(secret) != KEY_BYTES:
            raise KeyCustodyError("Vault's answer is no HMAC of this generation", where=self._name(purpose))
        return secret

    def _name(self, purpose: str) -> str:
        return f"{self._prefix}-{purpose}"

    def _ask(self, method: str, path: str, purpose: str, question: dict[str, Any] | None = None) -> dict[str, Any]:
        token = read_owned(self._token_file, "Vault token").decode("ascii", "ignore").strip()
        try:
            answer = self._http.request(
                method, f"/v1/{self._mount}/{path}", json=question, headers={"X-Vault-Token": token}
            )
        except httpx.HTTPError as error:
            raise KeyCustodyError(
                f"Vault cannot be reached ({type(error).__name__})", where="TRE_VAULT_ADDRESS", todo="Start it"
            ) from None
        if not answer.is_success:
            what, todo = _TOLD.get(answer.status_code, (f"Vault answered with status {answer.status_code}", ""))
            raise KeyCustodyError(what, where=f"{self._mount}, {self._name(purpose)}", todo=todo)
        try:
            told = answer.json() if answer.content else {}
            return dict(told.get("data") or {})
        except (ValueError, AttributeError, TypeError):
            raise KeyCustodyError("Vault's answer is no JSON object", where=self._mount) from None
