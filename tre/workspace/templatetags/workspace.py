"""Shows what a workspace may use, and what of it went to its person's browser."""

from __future__ import annotations

from django import template

from tre.config.options import load
from tre.people.models import Account
from tre.workspace import limits
from tre.workspace.services import browser_ceiling, sent_today

register = template.Library()


@register.simple_tag
def browser_bytes(account: Account) -> dict[str, int]:
    """Return the bytes that went to a person's browser today (``sent``), and how many may at most (``ceiling``)."""
    return {"sent": sent_today(account), "ceiling": browser_ceiling()}


@register.simple_tag
def workspace_limits() -> dict[str, object]:
    """Return what a notebook server may use (``megabytes``, ``processors``) and whether its processes ``together``."""
    options = load()
    return {
        "megabytes": options.workspace_megabytes,
        "processors": options.workspace_processors,
        "together": limits.version() > 0,
    }
