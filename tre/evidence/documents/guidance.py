"""The guides for each role and the runbooks, as they stand in the repository that this installation runs from."""

from __future__ import annotations

from pathlib import Path

from tre.config.options import REPOSITORY
from tre.evidence.content import Document, Section, Table, table
from tre.evidence.installation import Installation
from tre.hashing import sha256_of

_DOCS = REPOSITORY / "docs"


def document(here: Installation) -> Document:
    """Return which guides and runbooks there are, what each one tells, and their hashes."""
    guides, runbooks = _pages("guides"), _pages("runbooks")
    files = [(path.relative_to(REPOSITORY), sha256_of(path)) for path in (*guides, *runbooks)]
    return Document(
        "guidance",
        "Guides and runbooks",
        "What people are told about working here, and what is done when something has to be done or has gone wrong.",
        (
            Section("Guides, one for each role", tables=(_told("Guides", guides),)),
            Section("Runbooks", tables=(_told("Runbooks", runbooks),)),
            Section(
                "Files",
                ("They are versioned with the code, and a check holds their commands and labels to the product.",),
                (table("Files of this installation", ("File", "SHA-256"), files),),
            ),
        ),
    )


def _pages(name: str) -> list[Path]:
    """Return the pages of a folder but for README.md, which only leads to them."""
    return sorted(path for path in (_DOCS / name).glob("*.md") if path.name != "README.md")


def _told(caption: str, pages: list[Path]) -> Table:
    return table(caption, ("Title", "What it tells"), map(_row, pages))


def _row(path: Path) -> tuple[str, str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    title, parts = ([line[len(mark) :] for line in lines if line.startswith(mark)] for mark in ("# ", "## "))
    return title[0], "; ".join(parts)
