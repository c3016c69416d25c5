"""An object store that speaks S3: a release is the objects below its name, its crate written last.

Arrow's own client is used, which is there anyhow. What is written is read back and compared, so that a receipt says
that what was reviewed is what arrived.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

from pyarrow import fs

from tre.airlock.release.bag import Payload, open_checked
from tre.airlock.release.targets.port import DeliveryFailed, Parcel, Receipt, in_the_way
from tre.config.targets import ReleaseTarget
from tre.keys.custody import read_owned

_CHUNK = 1024 * 1024
_SECONDS = 60


class ObjectTarget:
    """A bucket that the settings name, and a prefix in it."""

    def __init__(self, told: ReleaseTarget) -> None:
        self._told = told

    def deliver(self, parcel: Parcel) -> Receipt:
        """Write a release's objects: see :class:`~.port.Target`."""
        place = f"{self._told.address.rstrip('/')}/{parcel.identity}"
        try:
            store = self._connect()
            for file in parcel.files:
                _put(store, parcel, file, f"{place}/{file.name}")
        except OSError:  # Arrow's; its words may hold anything that the store said
            raise DeliveryFailed(
                "The object store did not take the release",
                where=self._told.address,
                todo="Look whether it can be reached and written",
            ) from None
        return Receipt(f"s3://{place}/")

    def _connect(self) -> fs.S3FileSystem:
        told: dict[str, Any] = {"request_timeout": _SECONDS, "connect_timeout": _SECONDS}
        if self._told.region:
            told["region"] = self._told.region
        if self._told.endpoint:
            endpoint = urlsplit(self._told.endpoint)
            told |= {"endpoint_override": endpoint.netloc, "scheme": endpoint.scheme}
        return fs.S3FileSystem(**told, **self._credentials())

    def _credentials(self) -> dict[str, str]:
        """Return the keys of the credentials file; without one, Arrow looks for those of the machine itself."""
        if self._told.credentials_file is None:
            return {}
        try:
            held = json.loads(read_owned(self._told.credentials_file, "credentials file"))
            return {name: str(held[name]) for name in ("access_key", "secret_key")}
        except (ValueError, KeyError, TypeError):
            raise DeliveryFailed(
                "The object store's credentials cannot be read",
                where=str(self._told.credentials_file),
                todo="Write access_key and secret_key into it, as JSON",
            ) from None


def _put(store: fs.FileSystem, parcel: Parcel, file: Payload, key: str) -> None:
    if store.get_file_info(key).type == fs.FileType.NotFound:
        with open_checked(parcel.folder, file) as opened, store.open_output_stream(key) as out:
            while chunk := opened.read(_CHUNK):
                out.write(chunk)
    if _sha256_of(store, key) != file.sha256:
        raise in_the_way(key)


def _sha256_of(store: fs.FileSystem, key: str) -> str:
    digest = hashlib.sha256()
    with store.open_input_stream(key) as stored:
        while chunk := stored.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
