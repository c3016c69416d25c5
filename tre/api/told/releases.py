"""Releases, as their requester and who keeps them see them, and the released models."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema
from pydantic import Field

from tre.airlock.models import Release
from tre.airlock.release import downloads, taking
from tre.airlock.release.models import Delivery
from tre.policy.decision import decide
from tre.policy.domain import Principal


class ReleaseRow(Schema):
    """One release in a list."""

    request: int
    identity: str
    project: str
    at: datetime
    until: datetime = Field(description="Until when its requester may take it.")
    open: bool
    taken: int = Field(description="How many times anything of it was taken, each in the audit log.")

    @classmethod
    def of(cls, release: Release) -> ReleaseRow:
        """Return a release as a list tells it."""
        return cls(
            request=release.request_id, identity=release.identity, project=release.request.project.code, at=release.at,
            until=downloads.shuts(release), open=downloads.is_open(release), taken=downloads.times_taken(release),
        )  # fmt: skip


class ReleasedFile(Schema):
    """One released file."""

    number: int
    name: str
    sha256: str
    size: int


class DeliveryTold(Schema):
    """One delivery to a place outside."""

    target: str
    done: datetime | None
    place: str
    revision: str

    @classmethod
    def of(cls, made: Delivery) -> DeliveryTold:
        """Return a delivery as it is told."""
        return cls(target=made.target, done=made.done, place=made.place, revision=made.revision)


class ReleaseTold(ReleaseRow):
    """One release with its files."""

    files: list[ReleasedFile]
    has_crate: bool
    deliveries: list[DeliveryTold]
    may: list[str] = Field(description="What the caller may do: download, open.")

    @classmethod
    def seen(cls, release: Release, person: Principal) -> ReleaseTold:
        """Return a release as a person sees it."""
        row, resource = ReleaseRow.of(release), release.request.resource()
        may = {
            "download": row.open and decide(person, "download_output", resource).allowed,
            "open": not row.open and decide(person, "open_downloads", resource).allowed,
        }
        files = [
            ReleasedFile(number=each.pk, name=each.name, sha256=each.sha256, size=each.size)
            for each in release.request.leaving()
        ]
        return cls(
            **row.model_dump(), files=files, has_crate=taking.crate_sha256(release) != "",
            deliveries=[DeliveryTold.of(each) for each in release.deliveries.all()],
            may=[act for act, offer in may.items() if offer],
        )  # fmt: skip
