"""Errors as one sentence for a person and fields for a program: "Problem Details for HTTP APIs" (RFC 9457)."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from pydantic import Field

from tre.errors import Missing, NotAllowed, Refused, TreError
from tre.web.outages import unavailable

CONTENT_TYPE = "application/problem+json"
_log = logging.getLogger("tre.api")


class Wrong(Schema):
    """One value that was sent and cannot be: where it stood, and what is wrong with it."""

    where: str
    what: str


class ProblemTold(Schema):
    """Why a call was not answered as it asked, in the members of RFC 9457."""

    type: str = "about:blank"
    title: str = Field(description="The name of the status.")
    status: int
    detail: str = Field(description="One sentence for a person: what is wrong, where, and what to do.")
    errors: list[Wrong] = Field(default_factory=list, description="With status 422: each value that cannot be.")


class Problem(Exception):
    """What a call is answered with instead of what it asked for.

    Parameters
    ----------
    status : int
        The HTTP status.
    detail : str
        One sentence for a person.
    headers : mapping, optional
        What the answer tells besides.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.detail, self.headers = status, detail, dict(headers or {})
        super().__init__(detail)


def answer(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, errors: Sequence[Wrong] = ()
) -> HttpResponse:
    """Return the answer that tells a problem."""
    told = ProblemTold(title=HTTPStatus(status).phrase, status=status, detail=detail, errors=list(errors))
    body = told.model_dump(exclude_defaults=not errors) | {"type": told.type}
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


@csrf_exempt
@login_not_required
def nothing_here(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer a call of an address that the API does not have."""
    return answer(404, "The API has no such address. Look at /api/v1/openapi.json for those that it has.")


def of_our_own(error: TreError) -> HttpResponse:
    """Answer an error that is meant for a person.

    403 is the policies' answer, 404 that there is no such thing, 409 that how things stand, or a rule about what was
    sent, does not allow it. What is left is the installation's to mend, and no fault of the caller's.
    """
    kinds = ((Missing, 404), (NotAllowed, 403), (Refused, 409))
    status = next((status for kind, status in kinds if isinstance(error, kind)), 503)
    return answer(status, error.sentence())


def unauthenticated(request: HttpRequest) -> HttpResponse:
    """Answer a call without a token that opens anything (RFC 6750, section 3)."""
    shown = "Authorization" in request.headers
    challenge = 'Bearer realm="tre"' + (', error="invalid_token"' if shown else "")
    what = "The token opens nothing: it is mistyped, over or revoked" if shown else "The call shows no token"
    detail = f"{what}. Make one on your account's page and send it as 'Authorization: Bearer TOKEN'."
    return answer(401, detail, headers={"WWW-Authenticate": challenge})


def handle(api: NinjaAPI) -> None:
    """Have every error of an API answered as a problem."""
    handlers: dict[type[Exception], Any] = {
        Problem: lambda request, error: answer(error.status, error.detail, headers=error.headers),
        TreError: lambda request, error: of_our_own(error),
        AuthenticationError: lambda request, error: unauthenticated(request),
        ValidationError: _invalid,
        HttpError: lambda request, error: answer(error.status_code, "The body cannot be read. Send JSON as UTF-8."),
        Http404: lambda request, error: answer(404, "There is no such thing."),
        RequestDataTooBig: lambda request, error: answer(413, "The body is too large. Send less at a time."),
        SuspiciousOperation: lambda request, error: answer(400, "The call cannot be understood."),
        MultiPartParserError: lambda request, error: answer(400, "The form cannot be read. Send multipart/form-data."),
        UnreadablePostError: lambda request, error: answer(400, "The body did not come whole. Send it again."),
        Exception: _bug,
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer values that cannot be: where each stood and why, never the value itself."""
    errors = [Wrong(where=".".join(map(str, each["loc"][1:])) or "body", what=each["msg"]) for each in error.errors]
    places = ", ".join(sorted({each.where for each in errors})[:3])
    return answer(422, f"Some of what was sent cannot be ({places}). Correct it and send it again.", errors=errors)


def of_an_outage(request: HttpRequest, error: Exception) -> HttpResponse | None:
    """Answer a call that met a database that does not answer or a full disk; None where the error is none of these."""
    told = unavailable(request, error)
    if told is None:
        return None
    headers = {"Retry-After": told.headers["Retry-After"]}
    return answer(told.status_code, json.loads(told.content)["error"], headers=headers)


def _bug(request: HttpRequest, error: Exception) -> HttpResponse:
    if (told := of_an_outage(request, error)) is not None:
        return told
    _log.error("a call of the API failed: %s %s", request.method, request.path, exc_info=error)
    return answer(500, "Something went wrong, and nothing was changed. Try again in a moment.")
