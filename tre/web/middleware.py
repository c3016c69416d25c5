"""Turns outages and the product's own errors into a clear page or answer, and keeps personal pages out of caches."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from tre.errors import Missing, Refused, TreError
from tre.web.outages import unavailable


class PrivatePages:
    """Keeps what a signed-in person sees out of every cache: the next person at this browser sees none of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        response = self._get_response(request)
        if request.user.is_authenticated:
            response.headers["Cache-Control"] = "no-store"
        return response


class ClearErrors:
    """Answers a :class:`TreError` with its sentence: 404 for what is missing, 403 for what is refused, else 400."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer an outage, or an error that is meant for a person; leave every other to Django, as a bug."""
        if not isinstance(exception, TreError):
            return unavailable(request, exception)
        status = 404 if isinstance(exception, Missing) else 403 if isinstance(exception, Refused) else 400
        if request.path.startswith("/api/"):
            return JsonResponse({"error": exception.sentence()}, status=status)
        title = {403: "You cannot do this", 404: "Page not found"}.get(status, "That did not work")
        return render(request, "web/error.html", {"heading": title, "text": exception.sentence()}, status=status)
