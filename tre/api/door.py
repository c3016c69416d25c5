"""What stands before every call: whose token it shows, that no session counts, and that nothing is kept by caches."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from tre.api import located, problems
from tre.api.auth import know
from tre.audit.services import by_token


def door(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Return the view behind the door. It is called by whoever holds a token, and by no session's right."""

    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponseBase:
        request.user = AnonymousUser()
        try:
            caller = know(request)
        except problems.Problem as problem:
            return problems.answer(problem.status, problem.detail, headers=problem.headers)
        except Exception as error:
            told = problems.of_an_outage(request, error)
            if told is None:
                raise
            return told
        with by_token(caller.token.pk) if caller else nullcontext():
            response = view(request, *arguments, **named)
        if response.status_code == 405:
            allowed = response.headers.get("Allow", "")
            detail = f"This address is asked by {allowed} alone."
            response = problems.answer(405, detail, headers={"Allow": allowed})
        located.tell(request, response)
        response.headers["Cache-Control"] = "no-store"
        return response

    return csrf_exempt(login_not_required(answered))
