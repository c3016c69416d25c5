"""Submissions for tests, and landing them as the platform does."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pyarrow.parquet as parquet

from spark_jobs import land
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.landed import place
from spark_jobs.manifest import Manifest, SentFile
from spark_jobs.register import Provider, load_register
from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "policies" / "contracts"
KEY = bytes(range(32))
REGISTER = REPOSITORY / "policies" / "providers.yaml"


@lru_cache(maxsize=1)
def contracts(folder: Path = FOLDER) -> dict[str, Contract]:
    """Return every contract: read once, since that takes a second."""
    return load_contracts(folder)


def providers(of: str) -> Provider:
    """Return the registered provider that may send a dataset."""
    return next(each for each in load_register(REGISTER, contracts()).values() if of in each.datasets)


def sent(folder: Path, name: str, dataset: str, content: bytes, rows: int, **more: Any) -> SentFile:
    """Write one file into an outbox and return what a manifest tells of it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    told = {"format": "csv", **more}
    return SentFile(
        name, dataset, contracts()[dataset].version, rows, hashlib.sha256(content).hexdigest(), len(content), **told
    )  # fmt: skip


def outbox(folder: Path, *files: SentFile, submission: str = "", provider: str = "") -> Path:
    """Finish an outbox: write the manifest of the files that :func:`sent` wrote into it."""
    sender = providers(files[0].dataset)
    told = Manifest(
        submission or folder.name, provider or sender.name, sorted(sender.controllers)[0], "2026-07-01T00:00:00Z", files
    )
    (folder / "manifest.json").write_text(json.dumps(asdict(told)))
    return folder


def landed(source: Path, landing: Path) -> dict[str, Any]:
    """Land an outbox as the platform does, and return the receipt."""
    provider = json.loads((source / "manifest.json").read_text())["provider"]
    spec = {
        "source": str(source), "provider": provider, "by": "mia", "landing": str(landing),
        "contracts": str(FOLDER), "register": str(REGISTER),
    }  # fmt: skip
    with patch.object(land, "load_contracts", lambda folder: contracts()):
        return land.run(spec, {"dicom-uid": KEY}, lambda text: None)


def held(landing: Path, receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that landing keeps of a submission, in order."""
    folder = place(landing, receipt["submission"])
    return [row for file in receipt["files"] for row in parquet.read_table(folder / file["stored"]).to_pylist()]
