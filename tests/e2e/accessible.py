"""Whether a page can be used by everybody: axe at WCAG 2.2 AA, the keyboard alone, nothing wider than 320 pixels."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize

from tre.config.options import REPOSITORY

PICTURES = REPOSITORY / "build" / "screenshots"
_NARROW: ViewportSize = {"width": 320, "height": 640}  # WCAG 2.2, 1.4.10 Reflow
_AXE = REPOSITORY / "node_modules" / "axe-core" / "axe.min.js"
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Of axe's rules those that look at where things stand: the others find at 320 pixels what they found before.
_LAID_OUT = ["target-size", "scrollable-region-focusable"]
_STOPS = 40  # presses of the Tab key at a time

# Everything that a person can act on and sees, radio buttons of one name as one (they are one stop: HTML, "sequential
# focus navigation"); each looks different once it has the focus, or its label does (WCAG 2.2, 2.4.7).
_WATCH = """() => {
    const parts = each => [each, ...(each.labels || [])];
    const look = each => parts(each).flatMap(part => [null, '::before', '::after'].map(pseudo => {
        const style = getComputedStyle(part, pseudo);
        return [style.outline, style.boxShadow, style.backgroundColor, style.border].join(' ');
    })).join('|');
    const kinds = 'a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex="0"]';
    const seen = [...document.querySelectorAll(kinds)].filter(each => !each.disabled && each.checkVisibility());
    const name = each => each.type === 'radio' ? `radio ${each.name}` : each;
    window.stops = new Map(seen.map(each => [name(each), {before: look(each), each}]));
    window.dull = [];
    document.addEventListener('focusin', event => {
        const stop = window.stops.get(name(event.target));
        if (stop?.each === event.target && look(event.target) === stop.before) window.dull.push(event.target);
        window.stops.delete(name(event.target));
    });
    document.activeElement.blur();
    return window.stops.size;
}"""
_LEFT = """() => [[...window.stops.values()].map(stop => stop.each), window.dull].map(
    listed => listed.map(each => each.outerHTML.slice(0, 120)))"""


def faults(page: Page, name: str) -> list[str]:
    """Return what is wrong with the page that is open, each fault under the page's name."""
    wrong = [f"{name}: {each}" for each in _axe_says(page, {"type": "tag", "values": _RULES})]
    before = page.viewport_size
    page.set_viewport_size(_NARROW)
    wrong += [f"{name} at 320: {each}" for each in _axe_says(page, {"type": "rule", "values": _LAID_OUT})]
    wide = page.evaluate("document.documentElement.scrollWidth")
    if wide > _NARROW["width"]:
        wrong.append(f"{name}: {wide} pixels wide at {_NARROW['width']}")
    if before:
        page.set_viewport_size(before)
    return wrong


def not_by_keyboard(page: Page, name: str) -> list[str]:
    """Return what of the page that is open the Tab key does not come to, and what does not show that it has come."""
    stops = page.evaluate(_WATCH)
    for _ in range(3 + stops // _STOPS * 3):  # a date has three stops of its own
        for _ in range(min(stops, _STOPS) + 1):
            page.keyboard.press("Tab")
        left, dull = page.evaluate(_LEFT)
        if not left:
            break
    # Which stop had the focus last is chance, and a link that has it shows that in another way than by its underline.
    page.evaluate("document.activeElement?.blur()")
    return [f"{name}: Tab does not reach {each}" for each in left] + [
        f"{name}: no focus shows on {each}" for each in dull
    ]


def pictured(page: Page, folder: str, name: str) -> Path:
    """Take a picture of the whole page that is open, into a folder below ``build/screenshots``."""
    place = PICTURES / folder / f"{name}.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=place, full_page=True)
    return place


def _axe_says(page: Page, what: dict[str, Any]) -> list[str]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(
        "what => axe.run({runOnly: what, resultTypes: ['violations']}).then(result => result.violations)", what
    )
    return [f"{each['id']} ({each['nodes'][0]['target']})" for each in found]


@lru_cache(maxsize=1)
def _axe() -> str:
    return _AXE.read_text()
