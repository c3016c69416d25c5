"""Every operation of the API by every role, by every scope, and with no token: answered as its page is."""

from __future__ import annotations

from typing import Any

import pytest

from tests.addresses import ROLE_OF, TOLD
from tests.api import CALLS, OF_EVERY_TOKEN, PUBLIC, ROOT, call, do, operation, token_of
from tests.unit.test_addresses import everything, house, refusals  # noqa: F401 - a fixture
from tests.unit.test_pages import browser
from tre.api import auth
from tre.api.document import document
from tre.api.policy import api_policy
from tre.policy.decision import acts

pytestmark = pytest.mark.django_db
# What is left although a call is refused: when a token was last used, and that wrong ones were counted.
_TRACES = ("api.Token", "people.CacheEntry")
_DONE = {200, 201, 202, 204, 409}
# Of what the house has none: a release's bytes, a budget, a pair of records, a notice, a picture, feedback of a build.
_NOT_THERE = (
    "/releases/",
    "/privacy",
    "/linkage/pairs/",
    "/notices/{",
    "/drawing",
    "/feedback",
    "/imports/{number}/files",
)
_AGAIN = [name for name in CALLS if operation(name).get("x-asks-again")]


@pytest.fixture
def proved(monkeypatch):
    """Let every one-time code be right: what asks for one is tested apart."""
    monkeypatch.setattr(auth, "_prove", lambda request: None)


def place(house: dict[str, Any], name: str) -> str:  # noqa: F811
    """Return an operation's address, of the thing in the house that it is about."""
    about, path = CALLS[name].about if name in CALLS else "", name.partition(" ")[2]
    told: dict[str, Any] = {**TOLD, "code": "frailty", "name": "people", "field": "sex", **house["in_review"]}
    if path.startswith(("/projects/{code}/extracts", "/audit")):
        told["number"] = 1
    projects = {"draft project": "stroke", "submitted project": "sepsis"}
    if about in projects:
        told["code"] = projects[about]
    elif about in ("absence", "invitation"):
        told["number"] = house[about][about]
    elif about == "no notice":
        told["number"] = 1
    elif about:
        told |= house[about]
    return path.format(**told)


def rows() -> dict[str, list[Any]]:
    found = everything()
    for each in _TRACES:
        found.pop(each, None)
    return found


def test_every_operation_is_in_the_table_and_says_which_act_it_asks():
    told = {
        f"{method.upper()} {path.removeprefix(ROOT)}" for path, each in document()["paths"].items() for method in each
    }
    assert sorted(told) == sorted(name.partition("?")[0] for name in (*CALLS, *PUBLIC))
    for name in CALLS:
        asked = operation(name).get("x-acts", [])
        assert set(asked) <= set(acts()), name
        assert asked or name in OF_EVERY_TOKEN, name
        assert operation(name)["security"], name
    assert all("security" not in operation(name) for name in PUBLIC)


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_who_may_not_is_refused_and_changes_nothing(house, proved, who, caplog):  # noqa: F811
    token = token_of(who)
    before = rows()
    for name, rule in CALLS.items():
        if who not in rule.may:
            caplog.clear()
            answer = do(token, name, place(house, name))
            assert answer.status_code == 403, (name, answer.content)
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert refusals(caplog, who, tuple(acts())), f"{name}: refused, but not by the policies"
    assert rows() == before


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_who_may_is_answered(house, proved, who, caplog):  # noqa: F811
    """Else the test before would be true of an API that refuses everybody."""
    token = token_of(who)
    for name, rule in CALLS.items():
        if who in rule.may:
            caplog.clear()
            answer = do(token, name, place(house, name))
            allowed = _DONE | ({404, 503} if any(each in name for each in _NOT_THERE) else set())
            assert answer.status_code in allowed, (name, answer.content)
            asked = tuple(operation(name).get("x-acts", ()))
            assert refusals(caplog, who, asked) == [] or answer.status_code == 200, name


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_token_without_the_scope_is_refused_whoever_it_is(house, proved, name):  # noqa: F811
    needed = set(operation(name).get("x-scopes", ()))
    others = [each for each in api_policy().scopes if each not in needed]
    if not needed:
        return
    who = min(CALLS[name].may)
    token = token_of(who, *others)
    before = rows()
    answer = do(token, name, place(house, name))
    assert answer.status_code == 403, answer.content
    assert "scope" in answer.json()["detail"]
    assert rows() == before


@pytest.mark.parametrize("name", sorted(CALLS))
def test_one_of_its_scopes_is_enough(house, proved, name):  # noqa: F811
    who = min(CALLS[name].may)
    for scope in operation(name).get("x-scopes", ()):
        answer = do(token_of(who, scope), name, place(house, name))
        assert answer.status_code != 403, (scope, answer.content)


@pytest.mark.parametrize("who", ["", *sorted(ROLE_OF)])
def test_without_a_token_nothing_is_answered_whatever_session_there_is(house, who):  # noqa: F811
    before = rows()
    for name in CALLS:
        if who:
            method, path = name.partition(" ")[0], f"{ROOT}{place(house, name)}"
            answer = browser(who).generic(method, path, "{}", content_type="application/json")
        else:
            answer = do("", name, place(house, name))
        assert answer.status_code == 401, name
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="tre"'
    after = rows()
    for each in (before, after):
        each.pop("people.Account")  # a sign-in is noted
    assert after == before


def test_what_is_public_is_answered_without_a_token(house):  # noqa: F811
    for name in PUBLIC:
        answer = call("", "GET", place(house, name))
        assert answer.status_code == 200, name
        assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", _AGAIN)
def test_what_its_page_asks_the_second_factor_for_asks_for_a_code(house, name):  # noqa: F811
    token = token_of(min(CALLS[name].may))
    before = rows()
    for headers in ({}, {"One-Time-Code": "000000"}):
        answer = do(token, name, place(house, name), **headers)
        assert answer.status_code == 401, answer.content
        assert "insufficient_user_authentication" in answer.headers["WWW-Authenticate"]
    assert rows() == before


def test_the_same_acts_ask_again_as_on_the_pages():
    """A view that asks for the second factor has an operation that asks for a code, and no other does."""
    asked = {act for name in _AGAIN for act in operation(name)["x-acts"]}
    assert asked == {
        "provision_extract", "accept_risk", "destroy_extract", "close_project", "set_release_target", "decide_dataset",
        "approve_project", "review_request", "recall_output", "open_downloads", "review_import", "manage_people",
        "change_account", "withdraw_data", "manage_registry",
        # These a page does not ask again for: by a program they could be done without anybody's looking, or noticing.
        "review_linkage", "view_request", "ask_run",
    }  # fmt: skip
    assert [name for name in _AGAIN if "view_request" in operation(name)["x-acts"]] == ["PUT /notices/how"]
