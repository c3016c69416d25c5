"""Errors of the data plane that are meant for a person."""

from __future__ import annotations

from tre.errors import Refused


class JobRefused(Refused):
    """A job refused its input and changed nothing: what, where and what to do next, never a person's value."""
