"""Entries of the audit log."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import Field

from tre.audit.models import Entry
from tre.audit.search import MOST, Found, Search
from tre.errors import Refused


def _asked(most: int, description: str) -> Any:
    return Field("", max_length=most, pattern=r"^[^\u0000]*$", description=description)


Place = Annotated[int, Field(ge=0, le=MOST)]


class EntryTold(Schema):
    """One entry, and the hash that it is in the tree with."""

    number: int
    at: datetime
    event: str
    actor: str
    subject: str
    data: dict[str, Any]
    leaf: str

    @classmethod
    def of(cls, entry: Entry) -> EntryTold:
        """Return an entry as it is told."""
        return cls(**{name: getattr(entry, name) for name in cls.model_fields})


class FoundTold(Schema):
    """A page of what was found, newest first."""

    entries: list[EntryTold]
    older: int | None = Field(description="Ask for what is before this number, for older ones.")
    newer: int | None = Field(description="Ask for what is after this number, for newer ones.")

    @classmethod
    def of(cls, found: Found) -> FoundTold:
        """Return what was found as it is told."""
        return cls(entries=[EntryTold.of(each) for each in found.entries], older=found.older, newer=found.newer)


class SearchAsked(Schema):
    """What to search the log for; what is left out is not asked."""

    words: str = _asked(200, "All of them, anywhere in an entry.")
    event: str = _asked(80, "Its whole name, such as airlock.submitted.")
    actor: str = _asked(150, "The whole user name.")
    subject: str = _asked(200, "Its whole name, such as request:7.")
    since: date | None = None
    until: date | None = None

    def search(self) -> Search:
        """Return the search.

        Raises
        ------
        Refused
            When there is no day between the first and the last, or no calendar of the platform's has one of them.
        """
        if self.since and self.until and self.until < self.since:
            raise Refused("The last day is before the first one", where="until", todo="Correct the days")
        for each in (self.since, self.until):
            if each and not date(1970, 1, 2) <= each <= date(9000, 1, 1):
                raise Refused("The log has no such day", where="since and until", todo="Correct the days")
        return Search(self.words, self.event, self.actor, self.subject, self.since, self.until)
