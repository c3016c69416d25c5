"""docs/pages.md: what the table of pages gives, with a picture of each; and no address without its page."""

from __future__ import annotations

import pytest
from PIL import Image

from tests import pages
from tests.addresses import CLOSED, ROLE_OF, RULES, TOKEN
from tests.pages import DOCUMENT, NO_PAGE, PAGES, PICTURES, Page

_MOST_BYTES = 4_000_000


def shows_something(route: str) -> bool:
    rule = RULES[route]
    return rule.method != "POST" and rule.who not in {TOKEN, CLOSED}


def test_every_address_that_shows_something_has_a_page_or_a_reason():
    wanted = {route for route in RULES if shows_something(route)}
    assert {page.route for page in PAGES} & RULES.keys() == wanted - NO_PAGE.keys()
    assert NO_PAGE.keys() <= wanted
    assert all(NO_PAGE.values())


def test_each_page_is_looked_at_by_somebody_who_may_see_it():
    for page in PAGES:
        rule = RULES.get(page.route)
        if rule is not None and rule.acts and page.status < 400:
            assert page.who in rule.may, page.name
        assert page.who in {"", *ROLE_OF}, page.name


def test_a_picture_has_one_name():
    names = [page.name for page in PAGES]
    assert len(names) == len(set(names))


def test_the_document_tells_what_the_table_holds():
    assert DOCUMENT.read_text() == pages.document(), "run `make docs`"


def test_every_picture_is_there_and_no_other_and_together_they_are_small():
    kept = sorted(PICTURES.iterdir())
    assert {path.name for path in kept} == {f"{page.name}.png" for page in PAGES}
    assert sum(path.stat().st_size for path in PICTURES.parent.rglob("*.png")) < _MOST_BYTES
    for path in kept:
        with Image.open(path) as picture:
            picture.verify()


def test_without_pictures_nothing_is_taken_over(tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    with pytest.raises(SystemExit, match="not taken: start"):
        pages.take_over(tmp_path, kept)
    assert kept.is_dir()


@pytest.mark.parametrize(
    ("route", "who", "status", "told"),
    [
        ("register/", "", 200, "anyone"),
        ("account/", "ann", 200, "who is signed in"),
        ("audit/", "aud", 200, "auditor"),
        ("people/", "ann", 403, "who is signed in"),
        ("no-such-page/", "", 404, "anyone"),
        ("projects/<slug:code>/close", "ann", 200, "researcher, data manager"),
    ],
)
def test_who_sees_a_page_is_told_by_the_table_of_addresses(route, who, status, told):
    assert Page("x", route, "X", "For.", who, status=status).seen_by() == told
