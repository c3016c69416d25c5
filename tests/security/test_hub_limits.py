"""What a signed-in person can make the Hub keep: nothing that they wrote, and nothing for longer than a working day."""

from __future__ import annotations

import asyncio
import re

import pytest
from jupyterhub import scopes
from tornado.web import HTTPError
from traitlets.config.loader import PyFileConfigLoader

from tre.config.options import REPOSITORY, SIGN_IN_SECONDS
from tre.workspace.authenticator import USER_SCOPES, OwnServers, PortalAuthenticator
from tre.workspace.spawner import SandboxSpawner

BULK = {"rows": ["x" * 1000]}


@pytest.fixture(scope="module")
def config():
    return PyFileConfigLoader("hub_config.py", path=str(REPOSITORY / "tre" / "workspace")).load_config()


def test_a_sign_in_lasts_as_long_as_at_the_portal(config, settings):
    assert settings.SESSION_COOKIE_AGE == SIGN_IN_SECONDS == 8 * 3600
    assert config.JupyterHub.cookie_max_age_days * 86_400 == SIGN_IN_SECONDS
    assert config.JupyterHub.oauth_token_expires_in == SIGN_IN_SECONDS


@pytest.mark.parametrize(
    ("scope", "held"),
    [
        ("servers", True), ("start:servers", True), ("delete:servers", True), ("access:servers", True),
        ("users:activity", True), ("read:users:name", True), ("read:users:groups", True),
        ("tokens", False), ("read:tokens", False), ("users:shares", False), ("shares", False), ("users", False),
        ("groups", False), ("list:users", False), ("read:roles:users", False), ("access:services", False),
        ("admin:users", False), ("proxy", False), ("shutdown", False), ("inherit", False), ("self", False),
    ],
)  # fmt: skip
def test_what_a_person_may_do_at_the_hub(config, scope, held):
    (role,) = config.JupyterHub.load_roles
    assert (role["name"], role["scopes"]) == ("user", list(USER_SCOPES))
    granted = _expanded(role["scopes"])
    assert any(each.partition("!")[0] == scope for each in granted) == held
    assert all(each.endswith("!user") for each in granted), "only ever one's own"


def _expanded(given: list[str]) -> set[str]:
    found = set()
    for each in given:
        name, _, whose = each.partition("!")
        found |= {f"{inner}!{whose}" for inner in scopes._expand_scope(name)}
    return found


@pytest.mark.parametrize("path", ["/api/users/ann/server", "/api/users/ann/servers/frailty", "/api/users/ann/servers/"])
@pytest.mark.parametrize(("method", "refused"), [("put", True), ("post", True), ("patch", True), ("delete", False)])
def test_no_server_s_options_or_name_are_written(path, method, refused):
    handlers = [handler for pattern, handler, *_ in PortalAuthenticator().get_handlers(None)
                if re.fullmatch(pattern, path)]  # fmt: skip
    assert handlers == [OwnServers]
    asked = getattr(OwnServers, method)
    assert (asked.__qualname__ == f"OwnServers.{method}") == refused
    if refused:
        with pytest.raises(HTTPError, match="405"):
            asyncio.run(asked(None, "ann", "frailty"))


def test_the_page_that_starts_a_server_keeps_no_options():
    assert SandboxSpawner.options_from_query(None, BULK) == {}
    assert asyncio.run(SandboxSpawner.run_options_from_form(None, BULK)) == {}
