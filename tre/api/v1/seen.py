"""What a call that changes a request answers with: the request as its caller sees it now."""

from __future__ import annotations

from django.http import HttpRequest

from tre.airlock.seeing import request_of
from tre.api.auth import person_of
from tre.api.told.requests import RequestTold


def seen_now(request: HttpRequest, number: int) -> RequestTold:
    """Return a request as who calls may see it now."""
    person = person_of(request)
    return RequestTold.seen(request_of(number, person), person)
