"""Keeps links that open something out of the log: Django writes the path of each request that it refuses."""

from __future__ import annotations

import logging
import re

_LINK = re.compile(r"(/invitation/|/password/reset/key/)[^/\s]+")


class LinksKeptOut(logging.Filter):
    """Blanks what an invitation's or a password reset's link holds."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Blank it in the message and in what is put into it; keep the record."""
        record.msg = _blanked(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_blanked(each) for each in record.args)
        return True


def _blanked(value: object) -> object:
    return _LINK.sub(r"\1...", value) if isinstance(value, str) else value
