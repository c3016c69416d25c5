"""Where releases may be delivered to, as the operator names it in the settings. None by default."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, model_validator


class ReleaseTarget(BaseModel):
    """One place that releases may go to.

    Parameters
    ----------
    kind : str
        A ``folder`` of this machine, a ``git`` repository, or an object store that speaks ``s3``.
    address : str
        The folder's whole path; ``file://`` or ``https://`` and the repository; the bucket, with a prefix if any.
    branch : str
        Of the repository.
    endpoint, region : str
        Of the object store, where it is not Amazon's own.
    credentials_file : Path, optional
        Mode 0600. For git in the format of git-credential-store(1); for an object store JSON with ``access_key`` and
        ``secret_key``. No credential stands in the settings or on a command line.
    ca_file : Path, optional
        Certificates to trust for a repository at ``https://``, in place of the system's.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["folder", "git", "s3"]
    address: str = Field(min_length=1)
    branch: str = Field("main", pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]*$")
    endpoint: str = ""
    region: str = ""
    credentials_file: Path | None = None
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _address_fits(self) -> ReleaseTarget:
        told = urlsplit(self.address)
        if self.kind == "folder" and not self.address.startswith("/"):
            raise ValueError("a folder that releases go to is named by its whole path")
        if self.kind == "git" and told.scheme not in {"file", "https"}:
            raise ValueError("a repository that releases go to is at file:// or https://")
        if self.kind == "git" and (told.username or told.password):
            raise ValueError("a repository's address holds no credentials: put them into a file of their own")
        if self.ca_file and told.scheme != "https":
            raise ValueError("certificates are trusted for a repository at https:// alone")
        if self.kind == "s3" and (told.scheme or self.address.startswith("/")):
            raise ValueError("an object store is named by its bucket, and a prefix if any")
        return self

    @model_validator(mode="after")
    def _endpoint_is_encrypted(self) -> ReleaseTarget:
        told = urlsplit(self.endpoint)
        if self.endpoint and told.scheme != "https" and told.hostname not in {"127.0.0.1", "localhost"}:
            raise ValueError("an object store away from this machine is reached by https://")
        return self
