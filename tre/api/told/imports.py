"""Imports: what is asked to come in, what the checks told, and what the reviewers said."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field, StringConstraints

from tre.airlock.imports import services
from tre.airlock.imports.models import ImportFile, ImportRequest, ImportReview
from tre.api.told.common import Note, Number, Sha256, Text
from tre.policy.domain import Principal


class RemarkTold(Schema):
    """One thing that is told of a file."""

    check: str
    words: str
    blocks: bool


class ImportFileTold(Schema):
    """One frozen file of an import; the file itself is not handed out."""

    number: int
    name: str
    sha256: str
    size: int
    type: str | None = Field(description="Told from its content; none before the checks ran.")
    remarks: list[RemarkTold]

    @classmethod
    def of(cls, file: ImportFile) -> ImportFileTold:
        """Return a file as it is told."""
        checked = file.checked()
        remarks = checked.remarks if checked else ()
        return cls(
            number=file.pk, name=file.name, sha256=file.sha256, size=file.size, type=checked.kind if checked else None,
            remarks=[RemarkTold(check=each.check, words=each.words, blocks=each.blocks) for each in remarks],
        )  # fmt: skip


class ImportReviewTold(Schema):
    """One reviewer's say."""

    reviewer: str
    choice: str
    comment: str
    at: datetime

    @classmethod
    def of(cls, review: ImportReview) -> ImportReviewTold:
        """Return a review as it is told."""
        return cls(reviewer=review.reviewer.username, choice=review.choice, comment=review.comment, at=review.at)


class ImportRow(Schema):
    """One import in a list."""

    number: int
    project: str
    author: str
    state: str
    licence: str
    created: datetime

    @classmethod
    def of(cls, found: ImportRequest) -> ImportRow:
        """Return an import as a list tells it."""
        return cls(
            number=found.pk, project=found.project.code, author=found.author.username, state=found.state,
            licence=found.licence, created=found.created,
        )  # fmt: skip


class ImportTold(ImportRow):
    """One import, as the caller may see it."""

    provenance: str
    version: int | None
    files: list[ImportFileTold]
    reviews: list[ImportReviewTold] = Field(description="None before it is decided.")
    may: list[str] = Field(description="What the caller may do: review, withdraw.")

    @classmethod
    def seen(cls, found: ImportRequest, person: Principal) -> ImportTold:
        """Return an import as a person sees it."""
        may = {"review": services.may_review(person, found), "withdraw": services.may_withdraw(person, found)}
        return cls(
            **ImportRow.of(found).model_dump(), provenance=found.provenance, version=found.version,
            files=[ImportFileTold.of(each) for each in found.files.all()],
            reviews=[ImportReviewTold.of(each) for each in services.visible_reviews(found)],
            may=[act for act, offer in may.items() if offer],
        )  # fmt: skip


class ImportAsked(Schema):
    """By what right files come in, and from where."""

    licence: Annotated[str, StringConstraints(max_length=60, pattern=r"^[^\u0000]*$")]
    provenance: Text


class FileSeen(Schema):
    """A file as the reviewer was shown it."""

    file: Number
    sha256: Sha256


class ImportReviewed(Schema):
    """One reviewer's say, and the files that it is about."""

    choice: Literal["approve", "reject"]
    comment: Note = ""
    files: Annotated[list[FileSeen], Field(max_length=1000)]
