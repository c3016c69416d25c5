"""What the pages do, the API does: each address of a page beside the operations that do the same, by the same policy.

The table is ``tests/api_pages.yaml``. A new page has to stand in it: with operations, or with one of a few reasons for
having none that are inherent.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.addresses import CLOSED, ROLE_OF, RULES, TOKEN, Rule
from tests.api import CALLS, OF_EVERY_TOKEN, PUBLIC, operation
from tre.config.options import REPOSITORY

_TABLE: dict[str, Any] = yaml.safe_load((REPOSITORY / "tests" / "api_pages.yaml").read_text())
PAGES: dict[str, list[str]] = _TABLE["pages"]
NONE: dict[str, str] = {route: why for why, routes in _TABLE["none"].items() for route in routes}
REASONS = {"credential", "workspace", "document", "program"}
# allauth's pages of signing in, and the addresses of its provider, which the Hub alone is a client of.
_CREDENTIALS = ("accounts/", "identity/", ".well-known/")
# A page that shows each its part, by acts of its own: who may do the operation is a part of who may see the page.
_PARTLY = {
    "catalogue/": "what has landed is told to some, beside what is told to anybody",
    "airlock/<int:number>/files/<int:file>/": "its author sees the content on the page alone",
    "airlock/<int:number>/files/<int:file>/drawing": "its author sees the content on the page alone",
    "airlock/<int:number>/files/<int:file>/changes": "its author sees the content on the page alone",
}
_BY_ANOTHER_ACT = {"airlock/<int:number>/draft/submit": "the page asks first whether the draft may be changed"}
_NAMES = {name.partition("?")[0]: name for name in (*CALLS, *PUBLIC)}


def is_page(route: str, rule: Rule) -> bool:
    """Return whether an address is a page that a person is on, or a form of one."""
    return rule.who not in {TOKEN, CLOSED} and not route.startswith((*_CREDENTIALS, "api/"))


def may(name: str) -> frozenset[str]:
    """Return who may do an operation, of the house."""
    return CALLS[_NAMES[name]].may if name in _NAMES and _NAMES[name] in CALLS else frozenset(ROLE_OF)


def test_every_page_has_operations_or_a_reason_and_every_row_a_page():
    asked = {route for route, rule in RULES.items() if is_page(route, rule)}
    assert sorted(asked - PAGES.keys() - NONE.keys()) == [], "say which operation does what this page does, or why none"
    assert sorted((PAGES.keys() | NONE.keys()) - asked) == [], "there is no such page"
    assert not PAGES.keys() & NONE.keys()
    assert set(_TABLE["none"]) == REASONS


def test_every_operation_of_the_table_is_one_and_every_operation_is_some_pages():
    named = {name for operations in PAGES.values() for name in operations}
    assert sorted(named - _NAMES.keys()) == []
    assert sorted(_NAMES.keys() - named - _TABLE["alone"].keys()) == []


@pytest.mark.parametrize("route", sorted(PAGES))
def test_who_may_do_an_operation_is_who_may_do_it_on_the_page(route):
    """The same people by the same acts: a call lets nobody in whom the page keeps out, and keeps nobody out."""
    rule, operations = RULES[route], PAGES[route]
    assert operations
    if not rule.acts:
        return  # public, or one's own, of which the policies are asked thing by thing
    for name in operations:
        asked = set(operation(_NAMES[name]).get("x-acts", ()))
        if route in _PARTLY:
            assert may(name) <= rule.may or name in PUBLIC, name
            continue
        assert asked & set(rule.acts) or route in _BY_ANOTHER_ACT, (name, asked)
        assert may(name) == rule.may, name


def test_what_changes_something_on_a_page_changes_something_by_a_call():
    for route, operations in PAGES.items():
        methods = {name.partition(" ")[0] for name in operations}
        assert (RULES[route].method == "GET" and route not in _FORMS) <= (methods == {"GET"}), route
        assert (RULES[route].method == "POST") <= ("GET" not in methods), route


# Pages that are a form, which another address takes.
_FORMS = {"projects/<slug:code>/close", "notices/<int:number>/", "airlock/<int:number>/draft/"}


def test_what_every_token_may_is_little():
    assert {operation(name)["operationId"] for name in OF_EVERY_TOKEN} == {"me_me", "me_policies", "me_end"}
