"""The manifest of a submission: which files, of which dataset, with how many rows and which bytes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from spark_jobs.errors import JobRefused

NAME = "manifest.json"
Format = Literal["csv", "ndjson", "parquet", "dicom"]
_ALLOWED = {
    "format": ("csv", "ndjson", "parquet", "dicom"),
    "encoding": ("utf-8", "utf-16", "windows-1252"),
    "delimiter": (",", "\t", "|", ";"),
    "quote": ('"', "'", ""),
    "dates": ("YYYY-MM-DD", "DD/MM/YYYY", "DD-MM-YYYY", "DD.MM.YYYY", "YYYYMMDD"),
    "compression": ("none", "gzip"),
}
# The datasets that are headers of DICOM files, one file for each row: they are sent so, and in no other form.
HEADERS = frozenset({"imaging_studies"})
# The datasets that are FHIR R4 resources, and which: they are sent as NDJSON, everything else as a table.
RESOURCES = {"fhir_patient": "Patient", "fhir_condition": "Condition", "fhir_encounter": "Encounter"}


@dataclass(frozen=True)
class SentFile:
    """One file of a submission.

    Parameters
    ----------
    rows : int
        Rows or resources, without the header.
    sha256, bytes : str, int
        Of the file as sent, packed if it is.
    encoding, delimiter, quote, dates : str
        How its text is written, where that is not RFC 4180 in UTF-8 with dates of ISO 8601. A mark of byte order may
        be there or not; an empty ``quote`` says that no cell is quoted.
    compression, uncompressed_bytes : str, int
        ``gzip``, with the size that it unpacks to, or ``none``.
    """

    name: str
    dataset: str
    contract_version: str
    rows: int
    sha256: str
    bytes: int
    format: Format
    encoding: str = "utf-8"
    delimiter: str = ","
    quote: str = '"'
    dates: str = "YYYY-MM-DD"
    compression: str = "none"
    uncompressed_bytes: int = 0


@dataclass(frozen=True)
class Manifest:
    """What a provider says it sent."""

    submission: str
    provider: str
    controller: str
    created: str
    files: tuple[SentFile, ...]

    def write(self, folder: Path) -> None:
        """Write the manifest into the submission's folder, last and whole."""
        staged = folder / f".{NAME}.part"
        staged.write_text(json.dumps(asdict(self), indent=2))
        os.replace(staged, folder / NAME)


def describe(path: Path, dataset: str, version: str, form: Format) -> SentFile:
    """Return a file as a manifest tells of it. Rows are lines: no field of these files holds a line's end."""
    digest, lines = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(1024 * 1024):
            digest.update(chunk)
            lines += chunk.count(b"\n")
    rows = lines - 1 if form == "csv" else lines
    return SentFile(path.name, dataset, version, rows, digest.hexdigest(), path.stat().st_size, form)


def read(folder: Path) -> Manifest:
    """Return the manifest of a submission.

    Raises
    ------
    JobRefused
        When it is missing or not whole.
    """
    try:
        told: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        files = tuple(SentFile(**each) for each in told.pop("files"))
        manifest = Manifest(**told, files=files)
    except FileNotFoundError:
        raise JobRefused("The submission has no manifest", where=NAME, todo="Send it with the files") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise JobRefused("The manifest is not whole", where=NAME, todo="Send it again, as the guide shows") from None
    _check_types(manifest)
    return manifest


def _check_types(manifest: Manifest) -> None:
    texts: Iterable[object] = [manifest.submission, manifest.provider, manifest.controller, manifest.created]
    for file in manifest.files:
        texts = [*texts, file.name, file.dataset, file.contract_version, file.sha256]
        for number in (file.rows, file.bytes, file.uncompressed_bytes):
            if type(number) is not int or number < 0:
                raise JobRefused("The manifest tells of a file wrongly", where=NAME, todo="Correct rows and bytes")
        for name, allowed in _ALLOWED.items():
            if getattr(file, name) not in allowed:
                told = ", ".join(repr(each) for each in allowed)
                raise JobRefused(f"The manifest's {name} is none that is read", where=NAME, todo=f"Use one of {told}")
    if not all(isinstance(text, str) for text in texts):
        raise JobRefused("The manifest holds something that is not text", where=NAME, todo="Correct it")
