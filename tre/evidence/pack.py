"""Makes the pack: one dated folder of pages, a PDF, generated documents and results, hashed into an audit entry.

The folder has its name once it is whole. ``results.json`` holds the SHA-256 of every other file, and the audit entry
``evidence.made`` that of ``results.json``: so the log, with its signed checkpoints, says of each file whether it is
what was made. What a pack holds is for auditors: it names accounts in the access review and nobody anywhere else.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from tre.audit.models import Entry
from tre.audit.services import record
from tre.errors import Refused
from tre.evidence import operator_files, pages, pdf
from tre.evidence.content import PAGES, Document
from tre.evidence.documents import DOCUMENTS
from tre.evidence.domain import IMPORTANCES, MADE, OPERATOR, Result, counts
from tre.evidence.installation import Installation
from tre.evidence.looking import look
from tre.evidence.pages import BILL, INDEX, PRINTED, RESULTS
from tre.evidence.safes import document as safes
from tre.evidence.software import bill
from tre.evidence.statements import Specification, specification
from tre.hashing import sha256_of
from tre.projects import register


@dataclass(frozen=True)
class Pack:
    """A pack that was made: where, when, the SHA-256 of its results, and the results."""

    folder: Path
    at: datetime
    sha256: str
    results: tuple[Result, ...]

    def unmet(self) -> list[Result]:
        """Return the mandatory statements that do not hold."""
        return [each for each in self.results if each.statement.importance == "mandatory" and each.outcome == "not met"]


def make(into: Path | None = None, here: Installation | None = None, actor: str = "console") -> Pack:
    """Look at the installation now, and write the pack.

    Parameters
    ----------
    into : Path, optional
        The folder in which the pack's folder is made; ``evidence`` in the home folder by default.

    Raises
    ------
    Refused
        When the pack cannot be written there.
    """
    here, at, asked = here or Installation(), timezone.now(), specification()
    own = here.options.path(*operator_files.FOLDER)
    results = look(asked, here, operator_files.found(own))
    documents = [*(made(here) for made in DOCUMENTS.values()), *(safes(each) for each in register.projects())]
    target = into or here.options.path("evidence")
    staged = target / f".evidence.{os.getpid()}.{secrets.token_hex(4)}"
    try:
        staged.mkdir(mode=0o700, parents=True)
        _write(staged, asked, at, results, documents, own)
        (staged / BILL).write_text(_json(bill(here.software, at)), encoding="utf-8")
        (staged / RESULTS).write_text(_json(_results(staged, asked, at, results)), encoding="utf-8")
        folder = _named(staged, target, at)
    except OSError as error:
        raise Refused("The pack cannot be written", where=str(target), todo=error.strerror or "") from None
    finally:
        shutil.rmtree(staged, ignore_errors=True)
    pack = Pack(folder, at, sha256_of(folder / RESULTS), results)
    _tell(pack, actor)
    return pack


def _write(
    folder: Path,
    asked: Specification,
    at: datetime,
    results: Sequence[Result],
    documents: Sequence[Document],
    own: Path,
) -> None:
    (folder / PAGES).mkdir()
    for each in documents:
        (folder / each.page).write_text(pages.document(each, at), encoding="utf-8")
    (folder / INDEX).write_text(pages.index(asked, at, results, documents), encoding="utf-8")
    (folder / PRINTED).write_bytes(pdf.printed(asked, at, results, documents))
    for kept in (own_one for result in results for own_one in result.own):
        (folder / OPERATOR).mkdir(exist_ok=True)
        shutil.copyfile(own / kept.name, folder / kept.place, follow_symlinks=False)


def _results(folder: Path, asked: Specification, at: datetime, results: Sequence[Result]) -> dict[str, Any]:
    return {
        "specification": asked.name,
        "source": asked.source,
        "licence": asked.licence,
        "attribution": asked.attribution,
        "made": at.isoformat(),
        "counts": {importance: counts(results, importance) for importance in IMPORTANCES},
        "results": [each.to_json() for each in results],
        "files": {str(path.relative_to(folder)): sha256_of(path) for path in files_of(folder)},
    }


def files_of(folder: Path) -> list[Path]:
    """Return every file of a pack but its results, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / RESULTS)


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _named(staged: Path, target: Path, at: datetime) -> Path:
    """Give the folder the day's name; a second pack of a day is numbered."""
    day = f"evidence-{timezone.localtime(at).date().isoformat()}"
    for number in range(1, 1000):
        name = target / (day if number == 1 else f"{day}-{number}")
        if not name.exists():
            staged.rename(name)
            return name
    raise Refused("There are too many packs of today", where=str(target), todo="Take some away")


@transaction.atomic
def _tell(pack: Pack, actor: str) -> None:
    told = {"sha256": pack.sha256, "counts": {each: counts(pack.results, each) for each in IMPORTANCES}}
    record(MADE, actor=actor, subject=f"evidence:{pack.folder.name}", data=told)


def check(folder: Path) -> int:
    """Hold a pack to the audit log, and return how many files it has.

    Raises
    ------
    Refused
        When the log tells of no such pack, or a file is missing, is altered or was added.
    """
    results = folder / RESULTS
    if not results.is_file():
        raise Refused("There is no pack of evidence", where=str(folder))
    digest = sha256_of(results)
    if not any(entry.data.get("sha256") == digest for entry in Entry.objects.filter(event=MADE)):
        raise Refused("The audit log tells of no pack with these results", where=str(folder), todo="Make a new one")
    wanted = json.loads(results.read_text(encoding="utf-8"))["files"]
    there = {str(path.relative_to(folder)): sha256_of(path) for path in files_of(folder)}
    for name in sorted(wanted.keys() | there.keys()):
        if wanted.get(name) != there.get(name):
            raise Refused("A file is not what was made", where=str(folder / name), todo="Make a new pack")
    return len(there)
