"""The airlock's pages: the queue, a request in any of its turns, its files, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from tre.airlock import queue as queues
from tre.airlock.models import Request, RequestFile
from tre.airlock.pages import page_of
from tre.airlock.seeing import file_of, request_of
from tre.airlock.services import withdraw
from tre.people.services import principal


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show what waits for the person's review, and what they have asked for."""
    person, sort = principal(request), request.GET.get("sort", "")
    waiting = queues.waiting(person, sort, number_of(request, "waiting"))
    others = queues.others(person, {each.request.pk for each in waiting.rows}, number_of(request, "page"))
    told = {
        "waiting": waiting, "others": others, "sorts": queues.SORTS, "sort": sort,
        "checks": queues.is_checker(person),
    }  # fmt: skip
    return render(request, "airlock/queue.html", told)


def number_of(request: HttpRequest, name: str) -> int:
    """Return a number of the address, from 1; what is none means 1."""
    told = request.GET.get(name, "")
    return max(1, int(told)) if told.isascii() and told.isdecimal() and len(told) < 9 else 1


@require_safe
def one(request: HttpRequest, number: int) -> HttpResponse:
    """Show one request with its files, findings and first parts, in the turn that the address names or its last."""
    return show(request, found_request(request, number))


def found_request(request: HttpRequest, number: int) -> Request:
    """Return a request that the person may see."""
    return request_of(number, principal(request))


def show(request: HttpRequest, found: Request, sent: Mapping[Any, forms.Form] | None = None) -> HttpResponse:
    """Return a request's page, with what was sent and is not complete."""
    turn = number_of(request, "turn") if "turn" in request.GET else found.turn
    told = page_of(found, principal(request), min(turn, found.turn), sent or {})
    return render(request, "airlock/request.html", told, status=400 if told["wrong"] else 200)


@require_POST
def take_back(request: HttpRequest, number: int) -> HttpResponse:
    """Withdraw one's own request."""
    withdraw(number, principal(request))
    messages.success(request, "The request is withdrawn.")
    return redirect("airlock_request", number=number)


def found_file(request: HttpRequest, number: int, file: int) -> RequestFile:
    """Return a file of any turn of a request that the person may see."""
    return file_of(number, file, principal(request))
