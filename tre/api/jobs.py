"""Forgetting the answers that are kept for calls that are sent again, once their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from tre.api.models import Answer
from tre.api.policy import api_policy
from tre.runs.queue import enqueue, handler

FORGET = "api.forget_answers"
_HOUR = timedelta(hours=1)


def queue_forgetting(now: datetime) -> None:
    """Queue the forgetting of an answer that is kept now, in the caller's transaction: one job for each hour."""
    due = (now + api_policy().answers_kept).replace(minute=0, second=0, microsecond=0) + _HOUR
    enqueue(FORGET, {}, once=f"{FORGET}:{due:%Y-%m-%dT%H}", due=due)


@handler(FORGET)
def forget_answers(payload: dict[str, Any]) -> None:
    """Forget every answer whose time is over, whoever was given it."""
    Answer.objects.filter(at__lte=timezone.now() - api_policy().answers_kept).delete()
