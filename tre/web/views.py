"""The home page, the health check and the pages for errors."""

from __future__ import annotations

import sys

from django.contrib.auth.decorators import login_not_required
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from tre.people.services import principal
from tre.policy.decision import decide
from tre.policy.domain import PLATFORM
from tre.web.outages import unavailable


@require_safe
@login_not_required
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is, or what the person who is signed in can do next."""
    person, asked = principal(request), ("read_registry", "manage_people", "read_audit")
    may = {act: request.user.is_authenticated and decide(person, act, PLATFORM).allowed for act in asked}
    return render(request, "web/home.html", {"may": may})


@require_safe
@login_not_required
def health(request: HttpRequest) -> JsonResponse:
    """Answer 200 when the portal and its database work."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})


def _error(request: HttpRequest, status: int, heading: str, text: str) -> HttpResponse:
    return render(request, "web/error.html", {"heading": heading, "text": text}, status=status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that could not be understood."""
    return _error(request, 400, "That request could not be understood", "Go back and try again.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django itself refuses."""
    return _error(request, 403, "You cannot see this page", "Sign in with an account that may, or go back.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for what is not there."""
    return _error(request, 404, "Page not found", "Check the address, or go to the start page.")


def too_often(request: HttpRequest) -> HttpResponse:
    """Answer what was tried more often than attempts are let through."""
    text = "Nothing was done. Try again in a few minutes."
    return _error(request, 429, "That was tried too often in a short time", text)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer when there is an outage, or the product has a bug: the traceback is in the operator's log alone."""
    outage = unavailable(request, sys.exc_info()[1])
    return outage or _error(request, 500, "Sorry, something went wrong", "Nothing was changed. Try again in a moment.")
