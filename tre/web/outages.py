"""The page, or a program's answer, while a database does not answer or a disk is full. It asks the database nothing."""

from __future__ import annotations

import logging

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from tre.config.options import load
from tre.runs.outage import is_full, is_lost

_SECONDS = 60  # until whoever asked might ask again
_LOST = (
    "The database does not answer.",
    "The service goes on by itself as soon as it does. Try again in a minute, and look whether what you sent was kept "
    "before you send it again.",
)
_FULL = (
    "The disk is full, so nothing can be kept.",
    "What you sent was not kept. Try again later: the service goes on by itself once the operator has made room.",
)
_log = logging.getLogger("tre.web")


def unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse | None:
    """Return the answer to a request that met an outage, or None where the error is none."""
    if not (is_full(error) or is_lost(error)):
        return None
    what, then = _FULL if is_full(error) else _LOST
    _log.error("%s (%s)", what, type(error).__name__)  # the driver's message may hold an address or a statement
    response: HttpResponse
    if request.path.startswith("/api/"):
        response = JsonResponse({"error": f"{what} {then}"}, status=503)
    else:
        told = {"what": what, "then": then, "site_name": settings.SITE_NAME, "demonstration": load().demonstration}
        response = HttpResponse(render_to_string("web/unavailable.html", told), status=503)
    response.headers["Retry-After"] = str(_SECONDS)
    response.headers["Cache-Control"] = "no-store"
    return response
