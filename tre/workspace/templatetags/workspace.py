"""Shows what of a workspace went to its person's browser."""

from __future__ import annotations

from django import template

from tre.people.models import Account
from tre.workspace.services import browser_ceiling, sent_today

register = template.Library()


@register.simple_tag
def browser_bytes(account: Account) -> dict[str, int]:
    """Return the bytes that went to a person's browser today (``sent``), and how many may at most (``ceiling``)."""
    return {"sent": sent_today(account), "ceiling": browser_ceiling()}
