"""What the header of every page knows of notices."""

from __future__ import annotations

from django.http import HttpRequest

from tre.notices.models import Notice


def unread(request: HttpRequest) -> dict[str, int]:
    """Return how many notices the person who is signed in has not read."""
    user = getattr(request, "user", None)  # a request that is refused early has nobody yet
    if user is None or not user.is_authenticated:
        return {}
    return {"unread_notices": Notice.objects.filter(account=user.pk, read=None).count()}
