"""What an operator or an auditor does with evidence at the command line."""

from __future__ import annotations

from pathlib import Path

from tre.evidence import pack
from tre.evidence.domain import counts
from tre.progress import Say

_UNMET = 4  # the exit status of a pack in which a mandatory statement is not met


def make(into: Path | None, say: Say) -> int:
    """Make a pack, say what it came to, and return the exit status."""
    made = pack.make(into)
    for number, how_many in counts(made.results, "mandatory").items():
        say(f"mandatory, {number}: {how_many}")
    for each in made.unmet():
        say(f"{each.statement.number} is not met: {each.detail}.")
    say(f"The pack is {made.folder}; its results have the SHA-256 {made.sha256}.")
    return _UNMET if made.unmet() else 0


def check(folder: Path, say: Say) -> int:
    """Hold a pack to the audit log, and return the exit status."""
    files = pack.check(folder)
    say(f"{folder} is what was made: {files} files and the results are those that the audit log tells of.")
    return 0
