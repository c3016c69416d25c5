"""Lands one submission: checks it whole against its manifest and the contracts, and copies it in one step, or refuses.

A bad row is not this gate's concern: validation puts it into quarantine. A bad file refuses the submission whole, and
nothing of it stays. Landing the same submission again changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spark_jobs import landed, versions
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.landed import LandedFile, Receipt
from spark_jobs.landing import columnar, delimited, resources
from spark_jobs.landing.canonical import LINE, Writer, writing
from spark_jobs.landing.incoming import take_in
from spark_jobs.manifest import HEADERS, NAME, RESOURCES, Manifest, SentFile, read
from spark_jobs.register import STREAMED, check, load_register

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_TABLES = {"csv": delimited.read, "parquet": columnar.read}


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Land a submission.

    Parameters
    ----------
    spec : dict
        ``source`` (the provider's outbox: a folder), ``provider`` (whose outbox it is), ``by`` (who lands it),
        ``landing`` (the landing zone), ``contracts`` (a folder) and ``register`` (the register of providers).
    keys : dict
        ``dicom-uid``, under which the UIDs of images are replaced.

    Returns
    -------
    dict
        The receipt (:class:`spark_jobs.landed.Receipt`), and ``replayed`` when it had landed before.

    Raises
    ------
    JobRefused
        Naming the file, and where it can the row and field, that is wrong; no value is told.
    """
    source, landing = Path(spec["source"]), Path(spec["landing"])
    contracts = load_contracts(Path(spec["contracts"]))
    register = load_register(Path(spec["register"]), contracts)
    manifest = read(source)
    for label, what in ((manifest.submission, "submission"), (manifest.provider, "provider")):
        if not _LABEL.fullmatch(label):
            raise JobRefused(f"The {what}'s name is not a label", where=NAME, todo="Use letters, digits and hyphens")
    target = landed.place(landing, manifest.submission)
    if landed.holds(landing, manifest.submission):
        return _replayed(target, manifest, spec["provider"])
    with landed.staging(landing, manifest.submission) as staged:
        check(manifest, spec["provider"], register)
        _check_listed(source, manifest, contracts)
        followed = [
            versions.landable(contracts[file.dataset], file.contract_version, file.name) for file in manifest.files
        ]
        versions.check_held(contracts.values(), landing)
        files = []
        for place, (file, contract) in enumerate(zip(manifest.files, followed, strict=True), start=1):
            progress(f"landing {manifest.provider}: {file.name}")
            files.append(_land(source, staged, file, place, contract, keys))
        manifest.write(staged)
        versions.hold(followed, landing)
        made = landed.adopt(staged, landing, _receipt(manifest, files, spec["by"]))
    return {**made.to_json(), "replayed": False}


def _land(
    source: Path, staged: Path, file: SentFile, place: int, contract: Contract, keys: dict[str, bytes]
) -> LandedFile:
    """Take one file in, and keep its rows in the one form that the build reads (:mod:`spark_jobs.landing`)."""
    # The platform chooses the name: by a sent one, Spark would choose how to read it.
    stored, sent = f"{place:04d}.parquet", staged / f"{place:04d}.sent"
    take_in(source / file.name, sent, file)
    resource = file.dataset in RESOURCES
    names = [LINE] if resource else [field.name for field in contract.fields]
    with writing(staged / stored, names, checked=not resource) as out:
        rows = _read(sent, file, contract, out, keys)
    if rows != file.rows:
        raise JobRefused(f"The file has {rows} rows and the manifest says {file.rows}", where=file.name)
    sent.unlink()
    return LandedFile(file.name, stored, file.dataset, file.contract_version, file.format, rows, file.sha256)


def _read(sent: Path, file: SentFile, contract: Contract, out: Writer, keys: dict[str, bytes]) -> int:
    if file.format == "ndjson":
        return resources.read(sent, file, out)
    if file.format == "dicom":
        from spark_jobs import dicom  # its library takes a second to load, and few submissions need it

        return dicom.read(sent, file, contract, out, keys["dicom-uid"])
    return _TABLES[file.format](sent, file, contract, out)


def _receipt(manifest: Manifest, files: list[LandedFile], by: str) -> Receipt:
    return Receipt(
        0, manifest.submission, manifest.provider, manifest.controller, manifest.created, by, tuple(files)
    )  # fmt: skip


def _replayed(target: Path, manifest: Manifest, provider: str) -> dict[str, Any]:
    if manifest.provider != provider or read(target) != manifest:
        raise JobRefused(
            "A submission of this name has landed with other content",
            where=manifest.submission,
            todo="Give the new one a name of its own",
        )
    return {**landed.receipt(target).to_json(), "replayed": True}


def _forms(dataset: str) -> tuple[str, ...]:
    if dataset in RESOURCES:
        return ("ndjson",)
    return ("dicom",) if dataset in HEADERS else ("csv", "parquet")


def _check_listed(source: Path, manifest: Manifest, contracts: dict[str, Contract]) -> None:
    if not manifest.files:
        raise JobRefused("The manifest lists no file", where=NAME)
    names = [file.name for file in manifest.files]
    if len(set(names)) != len(names):
        raise JobRefused("The manifest lists a file twice", where=NAME)
    there = {path.name for path in source.iterdir()} - {NAME}
    for file in manifest.files:
        if not _LABEL.fullmatch(file.name):
            raise JobRefused("A file's name is not a label", where=NAME, todo="Use letters, digits, dots and hyphens")
        if file.name not in there:
            raise JobRefused("A file that the manifest lists is missing", where=file.name, todo="Send it")
        if file.dataset not in contracts:
            raise JobRefused(f"There is no data contract for '{file.dataset}'", where=file.name)
        if contracts[file.dataset].cadence == STREAMED:
            raise JobRefused("The dataset is sent as a stream alone", where=file.name, todo="Drop its readings instead")
        if file.format not in (forms := _forms(file.dataset)):
            told = " or ".join(forms)
            raise JobRefused(f"The dataset is sent as {told} alone", where=file.name, todo=f"Send {told}")
    if unlisted := sorted(there - set(names)):
        raise JobRefused("A file is there that the manifest does not list", where=unlisted[0], todo="List or remove it")
