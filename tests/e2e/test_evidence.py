"""The pack's pages in real Chromium, as who opens its folder sees them: by axe, by the keyboard, without a script."""

from __future__ import annotations

import pytest

from tests.e2e.accessible import faults, not_by_keyboard, pictured
from tests.e2e.browsing import browser, chromium
from tests.evidence import in_order, installation, passes
from tre.evidence import pack
from tre.evidence.checks import data

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.browser,
    pytest.mark.skipif(chromium() is None, reason="Chromium is not installed"),
]
_LOOKED_AT = ("index.html", "documents/access-review.html", "documents/guidance.html", "documents/project-frailty.html")


def test_everybody_can_read_the_evidence(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "inspect", passes)
    in_order(tmp_path, monkeypatch)
    folder = pack.make(tmp_path / "packs", installation()).folder
    asked: list[str] = []
    with browser() as started:
        tab = started.new_context(viewport={"width": 1024, "height": 700}).new_page()
        tab.on("request", lambda request: asked.append(request.url))
        wrong: list[str] = []
        for name in _LOOKED_AT:
            tab.goto(f"file://{folder / name}")
            pictured(tab, "evidence", name.rpartition("/")[2].removesuffix(".html"))
            wrong += not_by_keyboard(tab, name)
            wrong += faults(tab, name)
    assert wrong == []
    assert {url.partition(":")[0] for url in asked} == {"file"}
