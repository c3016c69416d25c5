"""A call that is sent again is done once: "The Idempotency-Key HTTP Header Field" (IETF draft, section 2).

The answer is kept in the transaction of what the call did: both stand, or neither.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar, cast

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from ninja import Schema

from tre.api.auth import around, caller_of, contribute
from tre.api.jobs import queue_forgetting
from tre.api.models import Answer
from tre.api.policy import api_policy
from tre.api.problems import Problem

HEADER = "Idempotency-Key"
_MOST = 200  # characters
View = TypeVar("View", bound=Callable[..., Any])


def once(view: View) -> View:
    """Return the view so that a call with a key that was answered is answered the same, and does nothing."""

    @around(view)
    def answered(request: HttpRequest, **told: Any) -> Any:
        key = request.headers.get(HEADER, "")
        if not key:
            return view(request, **told)
        if len(key) > _MOST:
            raise Problem(400, f"An {HEADER} may have {_MOST} characters. Send a shorter one.")
        return _answered(request, key, lambda: view(request, **told))

    contribute(answered, lambda: {"parameters": [_PARAMETER]})
    return cast(View, answered)


_PARAMETER = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string", "maxLength": _MOST, "pattern": "^[!-~]*$"},
    "required": False,
    "description": "Any text of the caller's: a call that is sent again with it is done once.",
}


@transaction.atomic
def _answered(request: HttpRequest, key: str, act: Callable[[], Schema]) -> Any:
    account = caller_of(request).account
    now = timezone.now()
    Answer.objects.filter(account=account, at__lte=now - api_policy().answers_kept).delete()
    kept, first = Answer.objects.get_or_create(
        account=account, key_hash=_hash(key), defaults={"asked": _asked(request)}
    )
    if not first:
        if kept.asked != _asked(request):
            raise Problem(422, f"This {HEADER} was sent with another call. Use another one for this.")
        return kept.body
    queue_forgetting(now)
    made = act()
    kept.body = made.model_dump(mode="json")
    kept.save(update_fields=["body"])
    return made


def _asked(request: HttpRequest) -> str:
    return _hash(f"{request.method} {request.get_full_path()}\n{request.body.hex()}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
