"""The API by its own document: whatever is sent, by each role and by nobody, it keeps to what the document says.

schemathesis makes the calls from the document, right ones and wrong ones, and holds each answer to it: no error of the
product's own, no undocumented status, type or shape, nothing that is wrong accepted, nothing answered without a token.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import checks
from schemathesis.generation import GenerationMode

from tests.addresses import ROLE_OF
from tests.api import CALLS, ROOT, token_of
from tests.unit.test_addresses import house  # noqa: F401 - a fixture
from tests.unit.test_api_access import place
from tre.api import auth
from tre.api.document import document
from tre.api.domain import PREFIX

pytestmark = pytest.mark.django_db
_EXAMPLES = 2  # of each operation, for each who asks and each mode
_MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# What stands in the house's way, and not the document's: whether a right call is done depends on how things stand.
_HELD_TO = (
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
)


def operations() -> Iterator[Any]:
    """Yield every operation of the document, as schemathesis knows it, behind the portal itself.

    That which ends the caller's token is the last: nothing is answered after it.
    """
    schema = schemathesis.openapi.from_dict(document())
    schema.app = WSGIHandler()
    found = [each.ok() for each in schema.get_all_operations()]
    yield from sorted(found, key=lambda each: bool(each.path.endswith("/me/token")))


def things(house: dict[str, Any], operation: Any) -> dict[str, Any]:  # noqa: F811
    """Return what fills an operation's address, so that it is about something that there is."""
    wanted = f"{operation.method.upper()} {operation.path.removeprefix(ROOT)}"
    name = next((each for each in CALLS if each.partition("?")[0] == wanted), wanted)
    given, path = place(house, name).partition("?")[0].split("/"), wanted.partition(" ")[2].split("/")
    return {each[1:-1]: told for each, told in zip(path, given, strict=True) if each.startswith("{")}


def keeps_to_the_document(operation: Any, mode: GenerationMode, token: str, told: dict[str, Any]) -> set[int]:
    """Call an operation some times, hold each answer to the document, and return the statuses that came."""
    headers, came = {"Authorization": f"Bearer {token}"} if token else {}, set[int]()
    strategy = operation.as_strategy(generation_mode=mode, **({"path_parameters": told} if told else {}))

    @settings(max_examples=_EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck),
              database=None)  # fmt: skip
    @given(strategy)
    def call(case: Any) -> None:
        # What is asked with an empty list, or with nothing, stands in no address: the call is a right one.
        assume(
            mode == GenerationMode.POSITIVE or not any(each in ([], {}, None) for each in (case.query or {}).values())
        )
        response = case.call(base_url="http://testserver", headers=headers, environ_base={"REMOTE_ADDR": "127.0.0.1"})
        came.add(response.status_code)
        # A release that the house never made is missed on the disk: that is told of, and nothing else of the kind.
        assert response.status_code < 500 or (response.status_code == 503 and "/releases/" in case.path)
        case.validate_response(response, checks=list(_HELD_TO) if token else list(_HELD_TO[:-1]))

    try:
        call()
    except Unsatisfiable:  # nothing wrong can be sent where nothing is
        assert mode == GenerationMode.NEGATIVE, operation.label
    return came


@pytest.fixture(autouse=True)
def _nobody_is_slowed_down(monkeypatch):
    """A code is always right, so that what is behind it is called too."""
    cache.clear()
    monkeypatch.setattr(auth, "prove", lambda account, code: None)


@pytest.fixture(autouse=True)
def _one_transaction():
    """Keep the database's connection open from call to call, as Django's own test client does."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("who", sorted(ROLE_OF))
def test_each_role_is_answered_as_the_document_says(house, who):  # noqa: F811
    token, came = token_of(who), set[int]()
    for operation in operations():
        for mode in _MODES:
            came |= keeps_to_the_document(operation, mode, token, things(house, operation))
    assert {200, 403, 409, 422} <= came, "else nothing was tried"


@pytest.mark.parametrize("token", ["", f"{PREFIX}{'0' * 49}"], ids=["no token", "a wrong one"])
def test_nobody_is_answered_as_the_document_says(house, token):  # noqa: F811
    for operation in operations():
        for mode in _MODES:
            cache.clear()
            came = keeps_to_the_document(operation, mode, token, {})
            if "security" in operation.definition.raw:
                assert came <= {401, 404, 405}, (operation.label, came)
