"""What landing holds of each submission: its receipt, and its place in the order in which submissions landed.

The receipt is the platform's own: it says which stored file is which sent file, and carries the submission's number,
whatever date a provider writes into its manifest. Where two submissions speak of the same row, the one that landed
later is right.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spark_jobs.errors import JobRefused

RECEIPT = "receipt.json"
_SUBMISSIONS = "submissions"
_COUNTER = "landed"
_MOVING = ".moving"  # beside a submission that is being put in its place: on a mounted store that takes many steps


@dataclass(frozen=True)
class LandedFile:
    """One sent file as landing keeps it.

    Parameters
    ----------
    name : str
        The name it was sent under, for telling the provider; never a name that anything opens.
    stored : str
        The name that the platform chose.
    rows, sha256 : int, str
        Of the file as sent.
    """

    name: str
    stored: str
    dataset: str
    contract_version: str
    format: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Receipt:
    """What landing took in: ``number`` is the submission's place in the order of landing, counted from 1."""

    number: int
    submission: str
    provider: str
    controller: str
    created: str
    by: str
    files: tuple[LandedFile, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the receipt as JSON values."""
        return asdict(self)


def place(landing: Path, submission: str) -> Path:
    """Return the folder of a submission in the landing zone."""
    return landing / _SUBMISSIONS / submission


def receipt(folder: Path) -> Receipt:
    """Return the receipt of a landed submission.

    Raises
    ------
    JobRefused
        When the landing zone does not hold the submission whole.
    """
    try:
        told = json.loads((folder / RECEIPT).read_text(encoding="utf-8"))
        files = tuple(LandedFile(**each) for each in told.pop("files"))
        return Receipt(**told, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        raise JobRefused(
            "Landing does not hold the submission", where=folder.name, todo="Restore landing, or withdraw it"
        ) from None


def holds(landing: Path, submission: str) -> bool:
    """Return whether a submission is in its place, and not half of it by a run that was cut off."""
    return place(landing, submission).exists() and not _moving(landing, submission).exists()


@contextmanager
def staging(landing: Path, submission: str) -> Iterator[Path]:
    """Give an empty folder to stage a submission in; what is still there at the end is removed.

    Raises
    ------
    JobRefused
        When another process is landing the same submission.
    """
    staged = landing / _SUBMISSIONS / f".{submission}.staged"
    staged.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(staged, os.O_RDONLY | os.O_DIRECTORY)
    try:
        if not _locked(descriptor):
            raise JobRefused("The submission is being landed", where=submission, todo="Wait until that has ended")
        _empty(staged)  # what a cut-off run left
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    finally:
        os.close(descriptor)


def adopt(staged: Path, landing: Path, made: Receipt) -> Receipt:
    """Give a staged submission the next number and its place, whole or not at all, and return its receipt.

    Two that land at once wait for each other, so that no number is given twice.

    Raises
    ------
    JobRefused
        When a submission of this name landed meanwhile.
    """
    target = place(landing, made.submission)
    descriptor = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        if holds(landing, made.submission):
            raise JobRefused("A submission of this name has just landed", where=made.submission, todo="Land it again")
        counter = landing / _COUNTER
        number = 1 + (int(counter.read_text()) if counter.exists() else 0)
        _write(counter, str(number))  # first: a number may be left out, and is never given twice
        numbered = Receipt(**{**vars(made), "number": number})
        _write(staged / RECEIPT, json.dumps(numbered.to_json(), indent=2))
        shutil.rmtree(target, ignore_errors=True)  # what a cut-off run moved
        moving = _moving(landing, made.submission)
        moving.touch()
        os.rename(staged, target)
        os.fsync(descriptor)
        moving.unlink()
    finally:
        os.close(descriptor)
    return numbered


def recover(landing: Path, recorded: set[str]) -> list[Receipt]:
    """Return the receipts of what landed and is not recorded, in order, and clear what cut-off runs left half done."""
    folder = landing / _SUBMISSIONS
    for staged in folder.glob(".*.staged"):
        with suppress(FileNotFoundError):  # it landed while this looked
            descriptor = os.open(staged, os.O_RDONLY | os.O_DIRECTORY)
            try:
                if _locked(descriptor):
                    shutil.rmtree(staged, ignore_errors=True)
            finally:
                os.close(descriptor)
    _clear_half_moved(folder)
    missing = [receipt(each) for each in folder.glob("[!.]*") if each.name not in recorded]
    return sorted(missing, key=lambda each: each.number)


def _clear_half_moved(folder: Path) -> None:
    if not any(folder.glob(f".*{_MOVING}")):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)  # whoever is moving one holds it
        for mark in folder.glob(f".*{_MOVING}"):
            shutil.rmtree(folder / mark.name.removesuffix(_MOVING)[1:], ignore_errors=True)
            mark.unlink()
    finally:
        os.close(descriptor)


def _moving(landing: Path, submission: str) -> Path:
    return landing / _SUBMISSIONS / f".{submission}{_MOVING}"


def erase(landing: Path, submission: str, datasets: Sequence[str]) -> list[dict[str, str]]:
    """Erase the files of these datasets and return each one's stored name, dataset and digest as sent.

    The receipt stays, so that the submission keeps its number and is not taken for a new one when it is sent again.
    """
    folder, erased = place(landing, submission), []
    for file in receipt(folder).files:
        if file.dataset in datasets and (folder / file.stored).exists():
            (folder / file.stored).unlink()
            erased.append({"stored": file.stored, "dataset": file.dataset, "sha256_as_sent": file.sha256})
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return erased


def erase_old_spines(landing: Path) -> None:
    """Remove the spines before the current one: they still list the local numbers of what was withdrawn."""
    pointer = landing / "spine" / "current"
    if pointer.exists():
        for folder in (landing / "spine").glob("[0-9]*"):
            if int(folder.name) < int(pointer.read_text()):
                shutil.rmtree(folder)


def _locked(descriptor: int) -> bool:
    """Take the lock, which ends with the process, unless a living one holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def _write(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
