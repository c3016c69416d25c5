"""Values that many answers hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from ninja import Schema
from pydantic import Field, StringConstraints

MOST_NUMBER = 2**31 - 1
PER_PAGE = 50  # of lists that are cut here
# No database keeps a zero byte in a text.
_NO_ZERO = r"^[^\u0000]*$"

Number = Annotated[int, Field(ge=1, le=MOST_NUMBER)]
PageNumber = Annotated[int, Field(ge=1, le=100_000, description="From 1.")]
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{1,19}$")]
Line = Annotated[str, StringConstraints(max_length=200, pattern=_NO_ZERO)]
Text = Annotated[str, StringConstraints(max_length=4000, pattern=_NO_ZERO)]
Note = Annotated[str, StringConstraints(max_length=2000, pattern=_NO_ZERO)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Item = TypeVar("Item")


class Page(Schema, Generic[Item]):
    """One page of a list."""

    items: list[Item]
    page: int
    more: bool = Field(description="Whether another page follows.")


def cut(items: Sequence[Item], page: int) -> tuple[Sequence[Item], bool]:
    """Return one page of a list, and whether more follows."""
    start = PER_PAGE * (page - 1)
    return items[start : start + PER_PAGE], len(items) > start + PER_PAGE
