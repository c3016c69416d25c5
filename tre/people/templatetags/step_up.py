"""Shows what waits for the second factor."""

from __future__ import annotations

from django import template
from django.template import Context

from tre.people.step_up import Act, pending

register = template.Library()


@register.simple_tag(takes_context=True)
def pending_act(context: Context) -> Act | None:
    """Return what waits in this session to be done, or None."""
    return pending(context["request"])
