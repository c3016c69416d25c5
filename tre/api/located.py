"""Where what a call made is found: the Location of an answer 201 ("HTTP Semantics", RFC 9110, section 15.3.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponseBase
from ninja import Schema

from tre.api.auth import around, contribute

_KEPT = "tre_location"
ROOT = "/api/v1"  # what every address of the API begins with
View = TypeVar("View", bound=Callable[..., Any])
_TOLD = {
    "responses": {201: {"headers": {"Location": {"schema": {"type": "string"}, "description": "Where it is found."}}}}
}


def made_at(place: str) -> Callable[[View], View]:
    """Return what lets a view tell where that is found which it makes.

    Parameters
    ----------
    place : str
        The address within the API. Names in braces are of the call's address; ``{made[NAME]}`` is of the answer.
    """

    def tells(view: View) -> View:
        @around(view)
        def answered(request: HttpRequest, **told: Any) -> Any:
            made = view(request, **told)
            values = made.model_dump() if isinstance(made, Schema) else made  # an answer that is given again is a dict
            vars(request)[_KEPT] = ROOT + place.format(**told, made=values)
            return made

        contribute(answered, lambda: _TOLD)
        return cast(View, answered)

    return tells


def tell(request: HttpRequest, answer: HttpResponseBase) -> None:
    """Give an answer 201 the Location that its view told."""
    place = vars(request).get(_KEPT)
    if place and answer.status_code == 201:
        answer.headers["Location"] = place
