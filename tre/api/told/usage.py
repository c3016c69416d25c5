"""What a project's workspaces used and may use, and the project by the Five Safes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from ninja import Schema
from pydantic import Field

from tre.evidence.content import Document
from tre.workspace.quotas import Allowance
from tre.workspace.usage import Line


class AllowanceTold(Schema):
    """Processor-hours in a calendar month, and memory at once in megabytes (2**20 bytes)."""

    processor_hours: float
    megabytes: int

    @classmethod
    def of(cls, found: Allowance) -> AllowanceTold:
        """Return an allowance as it is told."""
        return cls(processor_hours=found.processor_hours, megabytes=found.megabytes)


class UsageLine(Schema):
    """A month's use by one person, or by all together."""

    month: date = Field(description="Its first day.")
    username: str = Field(description="Empty for all together.")
    processor_hours: int
    measured_hours: int = Field(description="Of the processor-hours, those in which they computed.")
    gibibyte_hours: int
    peak_megabytes: int
    pounds: Decimal

    @classmethod
    def of(cls, line: Line) -> UsageLine:
        """Return a line as it is told."""
        return cls(**{name: getattr(line, name) for name in cls.model_fields})


class UsageTold(Schema):
    """What a project used, its quota and what is left of it."""

    quota: AllowanceTold
    left: AllowanceTold
    whole: bool = Field(description="Whether everybody's use is told, or the caller's own beside the project's.")
    lines: list[UsageLine]


class QuotaSaid(Schema):
    """What a project's workspaces may have."""

    processor_hours: Annotated[int, Field(ge=0, le=10_000_000)]
    megabytes: Annotated[int, Field(ge=0, le=100_000_000)]


class SafesTable(Schema):
    """A table: its caption, the heads of its columns, and rows of as many cells."""

    caption: str
    heads: list[str]
    rows: list[list[str]]


class SafesSection(Schema):
    """A part of a document."""

    heading: str
    paragraphs: list[str]
    tables: list[SafesTable]


class SafesTold(Schema):
    """A project by the Five Safes and the Caldicott Principles. People are counted and not named."""

    title: str
    about: str
    sections: list[SafesSection]

    @classmethod
    def of(cls, made: Document) -> SafesTold:
        """Return a document as it is told."""
        return cls.model_validate(made.to_json())
