"""A released model as the registry holds it: one folder, every file of it under one signature, with a statement inside.

MLflow's own ``MLmodel`` names the module that loads a model and a folder of code to put on the path: who can change it
runs what they like. So the signature covers the whole folder, and the statement in it says which model of which release
this is: an older release, or another project's model, is validly signed and still not what was asked for.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from ml.errors import LearningRefused
from ml.signing import signed_digests, verify

PUBLIC_KEY = "TRE_MODEL_PUBLIC_KEY"
PACKAGE, STATEMENT, SIGNATURE = "package", "statement.json", "model.sig"
DRIFT = "drift.json"  # what the platform asks of drift monitoring: see ml.drift
_KIND = "tre released model, version 1"


@dataclass(frozen=True)
class Statement:
    """What the platform says of a model that it registered.

    Parameters
    ----------
    name : str
        The name it is registered under.
    release : str
        The release that it left by.
    model : str
        Its folder among the release's files.
    package : str
        :func:`package_digest` of the files that were approved.
    """

    name: str
    release: str
    model: str
    package: str

    def write(self, folder: Path) -> None:
        """Write the statement into the folder that will be signed."""
        (folder / STATEMENT).write_text(json.dumps({"kind": _KIND, **asdict(self)}, indent=2))

    @classmethod
    def read(cls, folder: Path) -> Statement:
        """Return the statement of a folder whose signature was verified.

        Raises
        ------
        LearningRefused
            There is none, or it is of another kind.
        """
        try:
            told = json.loads((folder / STATEMENT).read_text())
            if told.pop("kind") != _KIND:
                raise ValueError
            return cls(**told)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise LearningRefused("The model holds no statement of its release", where=folder.name) from error


def package_digest(sha256s: Mapping[str, str]) -> str:
    """Return one SHA-256 for a package: over its files' own, sorted by name, in the lines that ``sha256sum`` prints."""
    lines = "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(sha256s.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def verify_released(folder: Path, public: Path, *, name: str = "", release: str = "") -> Statement:
    """Verify every file of a released model's folder, before anything of it is read or run.

    Parameters
    ----------
    public : Path
        The release key, PEM.
    name, release : str
        What is expected; left out, the statement may say anything.

    Raises
    ------
    LearningRefused
        A file was changed, added or taken away, the key is another, or it is not the model that was expected.
    """
    verify(folder, folder / SIGNATURE, public)
    statement = Statement.read(folder)
    signed = signed_digests(folder / SIGNATURE)
    held = {
        name.removeprefix(f"{PACKAGE}/"): sha256 for name, sha256 in signed.items() if name.startswith(f"{PACKAGE}/")
    }
    if package_digest(held) != statement.package:
        raise LearningRefused("The model's files are not those that its statement names", where=folder.name)
    for what, wanted, told in (("name", name, statement.name), ("release", release, statement.release)):
        if wanted and wanted != told:
            raise LearningRefused(
                f"This is another model than was asked for: its {what} is {told}",
                where=wanted,
                todo="Do not use it; look at the page of released models",
            )
    return statement


@contextmanager
def held_still(folder: Path, public: Path, *, name: str = "", release: str = "") -> Iterator[tuple[Path, Statement]]:
    """Give a verified copy of a released model's folder that nobody else may change, and its statement.

    Whoever may write in the folder itself could else put other weights there once they have been verified.

    Raises
    ------
    LearningRefused
        As :func:`verify_released` does.
    """
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / (folder.absolute().name or "model")
        try:
            shutil.copytree(folder, copy, symlinks=True)
        except OSError as error:
            raise LearningRefused("The model's files cannot be read", where=folder.name) from error
        yield copy, verify_released(copy, public, name=name, release=release)
