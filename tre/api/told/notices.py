"""What a person is told, and how they want to be told."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema

from tre.api.told.common import Number
from tre.notices.domain import How
from tre.notices.models import Notice


class NoticeTold(Schema):
    """What somebody has to be told; `about` is as the audit log names it, such as request:7."""

    number: Number
    about: str
    kind: str
    text: str
    at: datetime
    read: datetime | None

    @classmethod
    def of(cls, notice: Notice) -> NoticeTold:
        """Return a notice as it is told."""
        return cls(**{name: getattr(notice, name) for name in cls.model_fields if name != "number"}, number=notice.pk)


class HowTold(Schema):
    """By an e-mail at once, by one a day, or in the page alone."""

    how: How
