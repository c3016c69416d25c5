"""The configuration in force, without any secret, and how the installation is deployed, changed and removed."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from tre.config.at_rest import protection
from tre.config.options import Options
from tre.evidence.content import Document, Section, table
from tre.evidence.installation import Installation

# What may hold a password is told by its kind and its host alone.
_MAY_HOLD_A_PASSWORD = re.compile(r"^[a-z+]+://")
_PROCEDURES = (
    ("Deploy", "`make up` on one machine, or the Helm chart of deploy/ in a cluster: both install the locked packages "
     "by their hashes, make the database, and refuse to start on a setting that is wrong"),
    ("Configure", "Settings come from the environment or tre.toml; docs/settings.md lists every one. An unknown or "
     "unsafe one stops the start"),
    ("Change", "A change is a commit that the tests have passed; a new version is installed by the same command, which "
     "brings the database up to date"),
    ("Replace", "A second installation from the same commit, database backup and keys is the same one"),
    ("Remove", "`make down` stops every process; projects are closed first, so that extracts are destroyed with a "
     "certificate; then the home folder and the database are erased with the disk's key"),
)  # fmt: skip


def document(here: Installation) -> Document:
    """Return every setting in force, what encrypts the storage, and the procedures of deployment."""
    settings = [(f"TRE_{name.upper()}", shown(getattr(here.options, name))) for name in Options.model_fields]
    encrypted = protection(here.options.home, here.kernel) or "nothing that is known"
    return Document(
        "configuration",
        "Configuration and its procedures",
        f"This installation runs in {here.options.mode} mode; its home folder is encrypted by {encrypted}.",
        (
            Section("Procedures", tables=(table("Procedures", ("When", "How"), _PROCEDURES),)),
            Section(
                "Settings in force",
                ("Of an address that may hold a password the kind and the host are told. Secrets stand in files, never "
                 "in a setting.",),
                (table("Settings", ("Setting", "Value"), settings),),
            ),
        ),
    )  # fmt: skip


def shown(value: object) -> str:
    """Return a setting's value as it may be told."""
    if isinstance(value, Path):
        return f"a path ({value.name})"
    text = str(value)
    if not _MAY_HOLD_A_PASSWORD.match(text):
        return text
    parts = urlsplit(text)
    return f"{parts.scheme}://{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}"
