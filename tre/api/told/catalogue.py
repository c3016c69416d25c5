"""Datasets as the public catalogue tells them: metadata alone, and counts as they may be shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Schema
from pydantic import StringConstraints

from tre.catalogue import pages, quality
from tre.catalogue.contracts import Column, Dataset
from tre.catalogue.metadata import title
from tre.catalogue.models import DatasetVersion
from tre.catalogue.quality import Series
from tre.catalogue.search import Found
from tre.contracts.codelists import load_code_lists

Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\u0000]*$")]


class FieldTold(Schema):
    """One field of a dataset."""

    name: str
    description: str
    classed: str
    code_list: str
    shared: bool

    @classmethod
    def of(cls, column: Column) -> FieldTold:
        """Return a field as it is told."""
        return cls(**{name: getattr(column, name) or "" for name in cls.model_fields if name != "shared"},
                   shared=column.shared)  # fmt: skip


class DatasetRow(Schema):
    """One dataset in a list."""

    name: str
    title: str
    description: str
    controller: str
    cadence: str
    version: str
    rows: str

    @classmethod
    def of(cls, found: Dataset, newest: DatasetVersion | None) -> DatasetRow:
        """Return a dataset as a list tells it."""
        return cls(
            name=found.name, title=title(found), description=found.description, controller=found.controller,
            cadence=found.cadence, version=found.version, rows=pages.rows(newest),
        )  # fmt: skip


class DatasetTold(DatasetRow):
    """One dataset with its fields, and the projects on the public register that use it."""

    fields: list[FieldTold]
    projects: list[str]

    @classmethod
    def whole(cls, found: Dataset, newest: DatasetVersion | None) -> DatasetTold:
        """Return a dataset as it is told."""
        return cls(
            **DatasetRow.of(found, newest).model_dump(), fields=[FieldTold.of(each) for each in found.columns],
            projects=[each.project.code for each in pages.uses(found.name)],
        )  # fmt: skip


class PointTold(Schema):
    """One share in per cent, when it was measured; none where too few were asked to tell it."""

    at: datetime
    share: float | None


class SeriesTold(Schema):
    """One dimension of quality over time, oldest first."""

    dimension: str
    points: list[PointTold]

    @classmethod
    def of(cls, found: Series) -> SeriesTold:
        """Return a series as it is told."""
        return cls(dimension=found.dimension, points=[PointTold(at=at, share=share) for at, share in found.points])


class FieldWhole(FieldTold):
    """One field with its codes, its quality over time, and the projects on the public register that use it."""

    codes: dict[str, str]
    quality: list[SeriesTold]
    projects: list[str]

    @classmethod
    def whole(cls, found: Dataset, name: str) -> FieldWhole:
        """Return a field of a dataset as it is told."""
        column = pages.column_of(found, name)
        listed = load_code_lists().get(column.code_list)
        return cls(
            **FieldTold.of(column).model_dump(), codes=listed.codes if listed else {},
            quality=[SeriesTold.of(each) for each in quality.series(found.name, name)],
            projects=[each.project.code for each in pages.uses(found.name) if name in each.columns],
        )  # fmt: skip


class HitTold(Schema):
    """A dataset, or one field of it, that answers to every word."""

    dataset: str
    field: str | None

    @classmethod
    def of(cls, found: Found) -> HitTold:
        """Return what was found as it is told."""
        return cls(dataset=found.dataset.name, field=found.column.name if found.column else None)
