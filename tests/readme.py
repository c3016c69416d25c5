"""Holds the README and the documents to what is there: commands, verbs, files and pictures. Part of ``make check``."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
_COMMAND = re.compile(r"`((?:make|tre) [^`]+)`")
_LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
_FOLDER = re.compile(r"^\| `([a-z_]+/)` \|", re.MULTILINE)
_VERBS = re.compile(r"`import tre` gives\s+the few verbs there are: ([^.]+)\.")


def pages() -> list[Path]:
    """Return every page that a newcomer may read."""
    return [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def untrue(page: Path) -> Iterator[str]:
    """Yield what a page says that is not so."""
    text = page.read_text()
    for command in _COMMAND.findall(text):
        if why := _fault(command.split()):
            yield f"`{command}`: {why}"
    for target in _LINK.findall(text):
        if not (page.parent / target).exists():
            yield f"{target}: there is no such file"
    for folder in _FOLDER.findall(text):
        if not (REPOSITORY / folder).is_dir():
            yield f"{folder}: there is no such folder"
    for listed in _VERBS.findall(text):
        yield from _verbs(set(re.findall(r"`(\w+)`", listed)))


def _fault(command: list[str]) -> str:
    if command[0] == "make":
        done = subprocess.run(["make", "-n", *command[1:]], cwd=REPOSITORY, capture_output=True, text=True)
        return done.stderr.strip()
    from tre.cli import parser

    try:
        # What a page leaves to its reader, such as FILE..., is filled in.
        parser().parse_args(["stand-in" if word.rstrip(".").isupper() else word for word in command[1:]])
    except SystemExit as ended:
        return "" if ended.code == 0 else "the command line is refused"
    return ""


def _verbs(told: set[str]) -> Iterator[str]:
    from tre.workspace import client

    for name in sorted(told ^ set(client.__all__)):
        yield f"`{name}`: {'there is no such verb' if name in told else 'a verb that is not told of'}"


def main() -> int:
    """Print what is untrue and return 1 when anything is."""
    found = [f"{page.relative_to(REPOSITORY)}: {each}" for page in pages() for each in untrue(page)]
    print("\n".join(found) or f"{len(pages())} pages: every command, file and verb in them is there")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
