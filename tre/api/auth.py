"""How the API knows who calls, what a call asks of a token, and when it asks for a one-time code besides."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.core.internal import ratelimit
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from ninja.operation import Operation
from ninja.security import HttpBearer

from tre.api import tokens
from tre.api.policy import api_policy
from tre.api.problems import Problem
from tre.api.tokens import Caller
from tre.config.options import load
from tre.errors import NotAllowed
from tre.people.one_time_codes import CodeWrong, prove
from tre.policy.domain import Principal

CODE_HEADER = "One-Time-Code"
_CALLER = "tre_caller"
View = TypeVar("View", bound=Callable[..., Any])


def know(request: HttpRequest) -> Caller | None:
    """Find out whose token a call shows, and keep it with the call; None when it shows none that opens anything.

    Raises
    ------
    Problem
        429 when its address has tried too many wrong ones.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    found = tokens.caller(token) if scheme.lower() == "bearer" else None
    if found is None and "Authorization" in request.headers:
        _count_wrong(request)
    vars(request)[_CALLER] = found
    return found


def _count_wrong(request: HttpRequest) -> None:
    number, seconds = api_policy().wrong_tokens
    limit = {"api_token": f"{number}/{seconds}s/ip"}
    try:
        let = ratelimit.consume(request, app="allauth.account", action="api_token", config=limit, limit_get=True)
    except PermissionDenied:  # nothing that stands before the portal says where the call is from
        raise Problem(403, "Where this call comes from is not known. Tell the operator.") from None
    if not let:
        detail = f"Too many wrong tokens came from this address. Wait {seconds} seconds, and check the token."
        raise Problem(429, detail, {"Retry-After": str(seconds)})


class BearerToken(HttpBearer):
    """Lets a call through whose token opens something. No cookie counts, so there is no forged form to fear."""

    def authenticate(self, request: HttpRequest, token: str) -> Caller | None:
        """Return who calls."""
        return cast(Caller | None, vars(request)[_CALLER])


def caller_of(request: HttpRequest) -> Caller:
    """Return who calls, by which token."""
    return cast(Caller, vars(request)[_CALLER])


def person_of(request: HttpRequest) -> Principal:
    """Return the person who calls, with what their token lets them do."""
    return caller_of(request).person


def around(view: Callable[..., Any]) -> Callable[[View], View]:
    """Return what lets a function stand before a view, with its name, its document and its signature.

    The signature's names are looked up where the view stands: ninja would do so where the function does.
    """

    def named(before: View) -> View:
        made = wraps(view)(before)
        vars(made)["__signature__"] = inspect.signature(view, eval_str=True)
        return cast(View, made)

    return named


def acts(*names: str) -> Callable[[View], View]:
    """Return what lets a view be called with a token of which a scope covers one of these acts.

    Each act itself is asked of the policies where it is done, with the token's grant: this answers early, and tells in
    the document which scopes there are for it.
    """

    def guard(view: View) -> View:
        @around(view)
        def answered(request: HttpRequest, **told: Any) -> Any:
            grant = person_of(request).grant
            if grant is None or not grant.acts & set(names):
                raise NotAllowed("The token has no scope for this", todo=f"Make one with {' or '.join(_scopes(names))}")
            return view(request, **told)

        contribute(answered, lambda: {"x-scopes": _scopes(names), "x-acts": list(names)})
        return cast(View, answered)

    return guard


def _scopes(names: tuple[str, ...]) -> list[str]:
    return [each.name for each in api_policy().scopes.values() if each.acts & set(names)]


def asks_again(view: View) -> View:
    """Return the view so that it asks for a one-time code with the call, as its page asks for the second factor again.

    A program that holds a token decides nothing by itself: a person is there. The code is good once, and for this call.
    The challenge is that of "OAuth 2.0 Step Up Authentication Challenge Protocol" (RFC 9470, section 3).
    """

    @around(view)
    def answered(request: HttpRequest, **told: Any) -> Any:
        if load().require_mfa:
            _prove(request)
        return view(request, **told)

    contribute(answered, lambda: {"parameters": [_CODE_PARAMETER], "x-asks-again": True})
    return cast(View, answered)


_CODE = re.compile(r"[0-9A-Za-z]{6,16}", re.ASCII)
_CODE_PARAMETER = {
    "in": "header",
    "name": CODE_HEADER,
    "schema": {"type": "string", "pattern": "^[0-9A-Za-z]{6,16}$"},
    "required": False,
    "description": "A code of the person's authenticator app. Without one that is right the answer is 401.",
}


def _prove(request: HttpRequest) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="tre", error="insufficient_user_authentication"'}
    code = request.headers.get(CODE_HEADER, "")
    if not _CODE.fullmatch(code):
        detail = f"This asks for the second factor. Send a code of your authenticator app as '{CODE_HEADER}'."
        raise Problem(401, detail, challenge)
    try:
        prove(caller_of(request).account, code)
    except CodeWrong as wrong:
        if wrong.too_often:
            raise Problem(429, wrong.sentence(), {"Retry-After": "300"}) from None
        raise Problem(401, wrong.sentence(), challenge) from None


def contribute(view: Callable[..., Any], told: Callable[[], dict[str, Any]]) -> None:
    """Have what is told stand in the document beside the view's operation."""

    def add(operation: Operation) -> None:
        extra = operation.openapi_extra or {}
        parameters = [*extra.get("parameters", []), *told().get("parameters", [])]
        operation.openapi_extra = {**extra, **told(), **({"parameters": parameters} if parameters else {})}

    vars(view)["_ninja_contribute_to_operation"] = [*vars(view).get("_ninja_contribute_to_operation", []), add]
