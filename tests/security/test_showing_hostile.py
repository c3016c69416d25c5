"""Whoever reviews a hostile file is shown why it cannot be shown, or what is in it; nothing of it harms who looks."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.security.hostile_files import HOSTILE
from tre.disclosure.showing import Ask, show

with_bwrap = pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed")
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{0}" height="{0}">'
    "{1}</svg>"
)


def _laughs() -> str:
    """Return a drawing of ten to the ninth squares, by ten references to ten references (as XML's billion laughs)."""
    groups = '<g id="g0"><rect width="1" height="1"/></g>'
    for n in range(9):
        groups += f'<g id="g{n + 1}">' + f'<use xlink:href="#g{n}"/>' * 10 + "</g>"
    return _SVG.format(8, f'<defs>{groups}</defs><use xlink:href="#g9"/>')


DRAWINGS = {
    "svg of huge dimensions": _SVG.format(10**9, '<rect width="9" height="9"/>'),
    "svg of a billion squares": _laughs(),
    "svg that draws itself": _SVG.format(8, '<g id="a"><use xlink:href="#a"/></g>'),
    "svg of great depth": _SVG.format(8, "<g>" * 20_000 + "</g>" * 20_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_shown_or_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(HOSTILE[name][0]())
    found = show(path, Ask(), sandbox=False)
    assert found.page is not None or found.why or found.sections[0].kind == "file"


@with_bwrap
@pytest.mark.sandbox
@pytest.mark.parametrize("name", DRAWINGS)
def test_a_hostile_drawing_ends_no_more_than_its_worker(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_text(DRAWINGS[name])
    found = show(path, Ask())
    assert found.why or (found.page is not None and found.page.picture)
    source = show(path, Ask(section=1))
    assert source.page is None or source.page.lines
