"""Errors of the learning plane that are meant for a person."""

from __future__ import annotations

from tre.errors import Refused


class LearningRefused(Refused):
    """A specification, a table or a model folder is not what it must be; nothing was trained, kept or registered."""
