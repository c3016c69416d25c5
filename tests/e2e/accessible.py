"""Whether a page can be used by everybody: axe at WCAG 2.2 AA, and nothing wider than 320 pixels."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tre.config.options import REPOSITORY

_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_NARROW: ViewportSize = {"width": 320, "height": 640}  # WCAG 2.2, 1.4.10 Reflow


def faults(page: Page, name: str) -> list[str]:
    """Return what is wrong with the page that is open, each fault under the page's name."""
    page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(
        "rules => axe.run({runOnly: rules}).then(result => result.violations)", _RULES
    )
    wrong = [f"{name}: {each['id']} ({each['nodes'][0]['target']})" for each in found]
    before = page.viewport_size
    page.set_viewport_size(_NARROW)
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > _NARROW["width"]:
        wrong.append(f"{name}: {wide} pixels wide at {_NARROW['width']}")
    if before:
        page.set_viewport_size(before)
    return wrong


def looked_at_in(folder: str, page: Page, name: str) -> list[str]:
    """Take a picture of the page that is open into ``build/screenshots``, and return what is wrong with it."""
    pictures = REPOSITORY / "build" / "screenshots" / folder
    pictures.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=pictures / f"{name}.png", full_page=True)
    return faults(page, name)


@lru_cache(maxsize=1)
def _axe() -> str:
    return _AXE.read_text()
