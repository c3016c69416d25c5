"""Every page of the portal: the browser looks at each, and ``docs/pages.md`` tells of each. Writes that document.

What there is stands in ``tests/pages.yaml``. An address of :mod:`tests.addresses` that answers a GET and has neither a
page there nor a reason why it shows none fails a test.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.addresses import ROLE_OF, RULES, address
from tre.config.options import REPOSITORY
from tre.people.domain import ROLES

DOCUMENT = REPOSITORY / "docs" / "pages.md"
PICTURES = REPOSITORY / "docs" / "images" / "pages"
TAKEN = REPOSITORY / "build" / "screenshots" / "pages"
_TALLEST = 1600  # pixels of a page that the document shows: the rest is more of the same
_COLOURS = 64

_HEAD = """# Pages

Every page of the portal, with a picture that the tests took (`tests/e2e/test_pages.py`). There each page is opened in
Chromium by who may see it and checked by axe at WCAG 2.2 AA; the Tab key reaches everything on it, and is seen to;
at 320 pixels nothing is wider than the window; what brings a script is opened without JavaScript too. Where a page is
about one project or one request, its own people alone see it. This document is generated: `make docs`.
"""

_TAIL = """
## In a workspace

### The launcher

JupyterLab in a project's workspace. The cards under *This project* show what its extract holds, a person's requests for
release, and help with the course (`tests/e2e/test_cards.py`). Seen by: the project's researchers.

![The launcher of JupyterLab](images/launcher.png)
"""


@dataclass(frozen=True)
class Page:
    """One page as one person sees it.

    Parameters
    ----------
    name : str
        Of its picture.
    route : str
        Its address in :mod:`tests.addresses`, or one that there is not.
    heading : str
        Its h1; ``{number}`` in it is that of the address.
    purpose : str
        What it is for, in a few words.
    who : str
        Who looks at it, by user name; empty for a stranger.
    thing : str
        What of the house it is about, where its number is known to the house alone.
    told : mapping
        What fills the places of the address besides.
    query : str
        What follows the address.
    way : str
        How it is come to from its address, one of ``tests.e2e.test_pages.WAYS``; empty where it is there at once.
    ago : float
        How many seconds ago the person signed in.
    status : int
        What it is answered with.
    without_script : str
        What it says besides where there is no JavaScript.
    """

    name: str
    route: str
    heading: str
    purpose: str
    who: str = ""
    thing: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    query: str = ""
    way: str = ""
    ago: float = 0.0
    status: int = 200
    without_script: str = ""

    def path(self, things: Mapping[str, Mapping[str, Any]]) -> str:
        """Return its address in a house of these things."""
        return address(self.route, **{**self.told, **things.get(self.thing, {})}) + self.query

    def title(self, number: object = "") -> str:
        """Return its heading, with the number or without."""
        return " ".join(self.heading.format(number=number).split())

    def seen_by(self) -> str:
        """Return who may see it, as the table of addresses says."""
        rule = RULES.get(self.route)
        if rule is None or self.who not in rule.may:  # it is public, or everybody's own, or refused to this person
            return "who is signed in" if self.who else "anyone"
        held = {ROLE_OF[name] for name in rule.may}
        return ", ".join(name.lower() for role, name in ROLES.items() if role in held)


def _read() -> tuple[dict[str, tuple[Page, ...]], dict[str, str]]:
    told = yaml.safe_load((REPOSITORY / "tests" / "pages.yaml").read_text())
    return {name: tuple(Page(**each) for each in pages) for name, pages in told["sections"].items()}, told["no_page"]


SECTIONS, NO_PAGE = _read()
PAGES: tuple[Page, ...] = tuple(page for pages in SECTIONS.values() for page in pages)


def document() -> str:
    """Return the text of ``docs/pages.md``."""
    return _HEAD + "\n" + "\n".join(_section(name, pages) for name, pages in SECTIONS.items()) + _TAIL


def _section(name: str, pages: tuple[Page, ...]) -> str:
    return f"## {name}\n\n" + "\n".join(_told(page) for page in pages)


def _told(page: Page) -> str:
    where = f"`/{page.route}`" if page.route in RULES else "any other address"
    return (
        f"### {page.title()}\n\n{page.purpose} Seen by: {page.seen_by()}. At {where}.\n\n"
        f"![{page.title()}](images/pages/{page.name}.png)\n"
    )


def take_over(taken: Path = TAKEN, kept: Path = PICTURES) -> None:
    """Put the pictures that the tests took into the documentation: their upper part, in few colours.

    Raises
    ------
    SystemExit
        When the tests have not taken one.
    """
    from PIL import Image

    missing = [page.name for page in PAGES if not (taken / f"{page.name}.png").exists()]
    if missing:
        sys.exit(f"These pictures are not taken: {', '.join(missing)}. Run tests/e2e/test_pages.py first.")
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True)
    for page in PAGES:
        with Image.open(taken / f"{page.name}.png") as picture:
            upper = picture.convert("RGB").crop((0, 0, picture.width, min(picture.height, _TALLEST)))
        upper.quantize(_COLOURS, dither=Image.Dither.NONE).save(kept / f"{page.name}.png", optimize=True)


def main() -> None:
    """Write the document and take over the pictures."""
    take_over()
    DOCUMENT.write_text(document())


if __name__ == "__main__":
    main()
