"""Lands one submission: checks it whole against its manifest and the contracts, and copies it in one step, or refuses.

A bad row is not this gate's concern: validation puts it into quarantine. A bad file refuses the submission whole, and
nothing of it stays. Landing the same submission again changes nothing.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from spark_jobs import landed
from spark_jobs.contracts import Contract, load_contracts
from spark_jobs.errors import JobRefused
from spark_jobs.landed import LandedFile, Receipt
from spark_jobs.manifest import NAME, RESOURCES, Manifest, SentFile, read
from spark_jobs.register import check, load_register

MOST_FILE_BYTES = 64 * 1024**3
MOST_LINE_BYTES = 1024 * 1024
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CHUNK = 1024 * 1024


def run(spec: dict[str, Any], keys: dict[str, bytes], progress: Callable[[str], None]) -> dict[str, Any]:
    """Land a submission.

    Parameters
    ----------
    spec : dict
        ``source`` (the provider's outbox: a folder), ``provider`` (whose outbox it is), ``by`` (who lands it),
        ``landing`` (the landing zone), ``contracts`` (a folder) and ``register`` (the register of providers).

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
    if target.exists():
        return _replayed(target, manifest, spec["provider"])
    with landed.staging(landing, manifest.submission) as staged:
        check(manifest, spec["provider"], register)
        _check_listed(source, manifest, contracts)
        files = []
        for place, file in enumerate(manifest.files, start=1):
            progress(f"landing {manifest.provider}: {file.name}")
            files.append(_land(source, staged, file, place, contracts[file.dataset]))
        manifest.write(staged)
        made = landed.adopt(staged, landing, _receipt(manifest, files, spec["by"]))
    return {**made.to_json(), "replayed": False}


def _land(source: Path, staged: Path, file: SentFile, place: int, contract: Contract) -> LandedFile:
    # The platform chooses the name: by a sent one, Spark would choose how to read it.
    stored = f"{place:04d}.{file.format}"
    _copy(source / file.name, staged / stored, file, contract)
    return LandedFile(
        file.name, stored, file.dataset, file.contract_version, file.format, file.rows, file.sha256
    )  # fmt: skip


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
        if file.contract_version != contracts[file.dataset].version:
            version = contracts[file.dataset].version
            raise JobRefused(f"The file follows another version of its contract than {version}", where=file.name)
        if (file.format == "ndjson") != (file.dataset in RESOURCES):
            form = "NDJSON" if file.dataset in RESOURCES else "CSV"
            raise JobRefused(f"The dataset is sent as {form} alone", where=file.name, todo=f"Send {form}")
    if unlisted := sorted(there - set(names)):
        raise JobRefused("A file is there that the manifest does not list", where=unlisted[0], todo="List or remove it")


def _copy(source: Path, target: Path, told: SentFile, contract: Contract) -> None:
    """Copy one file while it is checked: size, hash, encoding, header and number of rows."""
    descriptor = _open_regular(source, told)
    digest, size = hashlib.sha256(), 0
    with os.fdopen(descriptor, "rb") as file, target.open("xb") as out:
        while chunk := file.read(_CHUNK):
            size += len(chunk)
            if size > told.bytes or size > MOST_FILE_BYTES:
                raise JobRefused("The file is longer than the manifest says", where=told.name, todo="Send it again")
            digest.update(chunk)
            out.write(chunk)
        out.flush()
        os.fsync(out.fileno())
    if size != told.bytes:
        raise JobRefused("The file is shorter than the manifest says", where=told.name, todo="Send it whole")
    if digest.hexdigest() != told.sha256:
        raise JobRefused("The file's bytes are not those of the manifest", where=told.name, todo="Send it again")
    with target.open("rb") as copied:
        rows = _csv_rows(copied, told, contract) if told.format == "csv" else _ndjson_rows(copied, told)
    if rows != told.rows:
        raise JobRefused(f"The file has {rows} rows and the manifest says {told.rows}", where=told.name)


def _open_regular(source: Path, told: SentFile) -> int:
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise JobRefused("The file is a link or cannot be read", where=told.name, todo="Send a plain file") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise JobRefused("This is not a plain file", where=told.name, todo="Send a plain file")
    return descriptor


def _lines(file: BinaryIO, told: SentFile) -> Iterator[str]:
    """Yield the file's lines as text, refusing what is not UTF-8 or has no line's end for too long."""
    decoder = codecs.getincrementaldecoder("utf-8-sig")()
    for number, raw in enumerate(iter(lambda: file.readline(MOST_LINE_BYTES + 1), b""), start=1):
        if len(raw) > MOST_LINE_BYTES:
            raise JobRefused(
                "A line is too long", where=f"{told.name}, line {number}", todo="Send it as the contract says"
            )
        try:
            text = decoder.decode(raw)
        except UnicodeDecodeError:
            raise JobRefused(
                "The file is not UTF-8", where=f"{told.name}, line {number}", todo="Save it as UTF-8"
            ) from None
        if "\0" in text:
            raise JobRefused("The file is not text", where=f"{told.name}, line {number}", todo="Send it uncompressed")
        yield text


def _csv_rows(file: BinaryIO, told: SentFile, contract: Contract) -> int:
    rows = csv.reader(_lines(file, told), strict=True)
    wanted = [field.name for field in contract.fields]
    count = 0
    try:
        header = next(rows, [])
        if header != wanted:
            raise JobRefused(
                _difference(header, wanted), where=f"{told.name}, line 1", todo="Send the contract's columns"
            )
        for row in rows:
            count += 1
            if len(row) != len(wanted):
                where = f"{told.name}, row {count}"
                raise JobRefused(f"A row has {len(row)} fields instead of {len(wanted)}", where=where)
            _check_inert(row, wanted, told, count)
    except csv.Error:
        where = f"{told.name}, row {count + 1}"
        raise JobRefused("A row's quotes do not close", where=where, todo="Quote as RFC 4180 says") from None
    return count


def _check_inert(row: Iterable[str], names: Iterable[str], told: SentFile, number: int) -> None:
    """Refuse cells that a spreadsheet would run (OWASP, "CSV Injection"); signed numbers are no formulas."""
    for name, cell in zip(names, row, strict=True):
        if cell[:1] in {"=", "@", "\t", "\r"} or (cell[:1] in {"+", "-"} and not _is_number(cell)):
            raise JobRefused(
                "A cell is a formula", where=f"{told.name}, row {number}, field {name}", todo="Send values"
            )


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _difference(header: list[str], wanted: list[str]) -> str:
    missing = [name for name in wanted if name not in header]
    if missing:
        return f"The column '{missing[0]}' is missing"
    if len(header) != len(wanted):
        return f"There are {len(header)} columns instead of {len(wanted)}"
    return "The columns are not in the contract's order"


def _ndjson_rows(file: BinaryIO, told: SentFile) -> int:
    count = 0
    for count, line in enumerate(_lines(file, told), start=1):
        try:
            resource = json.loads(line)
        except (ValueError, RecursionError):
            resource = None
        if not isinstance(resource, dict):
            raise JobRefused("A line is no JSON object", where=f"{told.name}, line {count}", todo="Send NDJSON")
        if resource.get("resourceType") != RESOURCES[told.dataset]:
            where = f"{told.name}, line {count}, field resourceType"
            raise JobRefused(f"A resource is no {RESOURCES[told.dataset]}", where=where, todo="Send each kind apart")
    return count
