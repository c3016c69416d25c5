"""Datasets as the public catalogue tells them: metadata alone, and counts as they may be shown."""

from __future__ import annotations

from ninja import Schema

from tre.catalogue import pages
from tre.catalogue.contracts import Column, Dataset
from tre.catalogue.metadata import title
from tre.catalogue.models import DatasetVersion


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
