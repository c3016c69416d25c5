"""Holds the README and the documents to what is there: commands, verbs, files and pictures. Part of ``make check``.

A guide or a runbook is held to more, since somebody does what it says: what it has in bold is written on a page, what
begins and ends with a slash is a page's address, and each setting and each verb of a notebook is one.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from functools import cache
from io import StringIO
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
MANUALS = ("guides", "runbooks")  # folders of docs
_COMMAND = re.compile(r"`((?:make|tre) [^`]+)`")
_BLOCK = re.compile(r"^ *```.*?^ *```$", re.MULTILINE | re.DOTALL)
_TYPED = re.compile(r"^ *(?:TRE_\w+=\S+ )*((?:make|tre) .+)$", re.MULTILINE)  # on a line of its own, in a block
_LINK = re.compile(r"\]\(([^)#:\s]*)(?:#([^):\s]*))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_FOLDER = re.compile(r"^\| `([a-z_]+/)` \|", re.MULTILINE)
_VERBS = re.compile(r"`import tre` gives\s+the few verbs there are: ([^.]+)\.")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_ADDRESS = re.compile(r"`/([^` ]*/)`")
_SETTING = re.compile(r"\bTRE_([A-Z_]+)\b")
_CALLED = re.compile(r"\btre\.(\w+)\(")
_OF_A_DEPLOYER = {"MODEL_PUBLIC_KEY"}  # read where no control plane is: ml.released


def pages() -> list[Path]:
    """Return every page that a newcomer may read."""
    return [REPOSITORY / "README.md", REPOSITORY / "CHANGELOG.md", *sorted((REPOSITORY / "docs").rglob("*.md"))]


def untrue(page: Path) -> Iterator[str]:
    """Yield what a page says that is not so."""
    text = page.read_text()
    blocks = "\n".join(_BLOCK.findall(text))
    for command in [*_COMMAND.findall(text), *_TYPED.findall(blocks)]:
        if why := _fault(shlex.split(command, comments=True)):
            yield f"`{command}`: {why}"
    for target, heading in _LINK.findall(text):
        yield from _lost(page, target, heading)
    for folder in _FOLDER.findall(text):
        if not (REPOSITORY / folder).is_dir():
            yield f"{folder}: there is no such folder"
    for listed in _VERBS.findall(text):
        yield from _verbs(set(re.findall(r"`(\w+)`", listed)))
    if page.parent.name in MANUALS and page.parent.parent.name == "docs":
        yield from _misnamed(text)


def _lost(page: Path, target: str, heading: str) -> Iterator[str]:
    """Yield what a link names that is not there: a file, a picture, or a heading of a document."""
    there = page.parent / target if target else page
    if not there.exists():
        yield f"{target}: there is no such file"
    elif heading and there.suffix == ".md" and heading not in map(_anchor, _HEADING.findall(there.read_text())):
        yield f"{target}#{heading}: there is no such heading"


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _misnamed(text: str) -> Iterator[str]:
    """Yield what a manual calls by a name that it has not: on a page, of a page, of a setting, of a verb."""
    from tests.addresses import RULES
    from tre.config.options import Options
    from tre.workspace import client

    for label in _BOLD.findall(text):
        if " ".join(label.split()) not in _on_pages():
            yield f"**{label}**: no page says so"
    for address in _ADDRESS.findall(text):
        if not any(re.fullmatch(re.sub("<[^>]+>", "[^/]+", route), address) for route in RULES):
            yield f"`/{address}`: there is no such page"
    for setting in set(_SETTING.findall(text)) - _OF_A_DEPLOYER:
        if setting.lower() not in Options.model_fields:
            yield f"TRE_{setting}: there is no such setting"
    for verb in set(_CALLED.findall(text)) - set(client.__all__):
        yield f"tre.{verb}: there is no such verb"


@cache
def _on_pages() -> str:
    """Return all that the code and the templates of the product say, without tags, each blank once."""
    files = [each for kind in ("html", "py") for each in sorted((REPOSITORY / "tre").rglob(f"*.{kind}"))]
    return " ".join(re.sub(r"<[^>]+>", " ", "\n".join(each.read_text() for each in files)).split())


def _fault(command: list[str]) -> str:
    if command[0] == "make":
        done = subprocess.run(["make", "-n", *command[1:]], cwd=REPOSITORY, capture_output=True, text=True)
        return done.stderr.strip()
    # What a page leaves to its reader, such as FILE... or NUMBER, is filled in; GET is meant as it stands.
    filled = ["1" if word.rstrip(".").isupper() else word for word in command[1:]]
    return "" if _is_taken(command[1:]) or _is_taken(filled) else "the command line is refused"


def _is_taken(arguments: list[str]) -> bool:
    from tre.cli import parser

    try:
        with redirect_stderr(StringIO()):
            parser().parse_args(arguments)
    except SystemExit as ended:
        return ended.code == 0
    return True


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
