"""What the header of every page knows of notices."""

from __future__ import annotations

from django.http import HttpRequest

from tre.notices.models import Notice


def unread(request: HttpRequest) -> dict[str, int]:
    """Return how many notices the person who is signed in has not read."""
    if not request.user.is_authenticated:
        return {}
    return {"unread_notices": Notice.objects.filter(account=request.user.pk, read=None).count()}
