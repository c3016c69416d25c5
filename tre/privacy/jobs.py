"""The jobs of this room: see :mod:`tre.privacy.questions`."""

from __future__ import annotations

from tre.privacy.questions import answer

__all__ = ["answer"]
