"""A release for tests, as its crate is made from it."""

from __future__ import annotations

from datetime import UTC, datetime

from tre.airlock.crate.model import (
    Agent,
    Code,
    DataUsed,
    Environment,
    Licence,
    Organisation,
    Project,
    Release,
    ReleasedFile,
    Review,
    Times,
)


def at(day: int) -> datetime:
    """Return half past nine on a day of November 2026."""
    return datetime(2026, 11, day, 9, 30, tzinfo=UTC)


FILES = (
    ReleasedFile("tables/by age.csv", "a" * 64, 120, "text/csv", (("small-count", 2), ("text-to-read", 1))),
    ReleasedFile("figure.png", "b" * 64, 2048, "image/png"),
)


def release(**changes: object) -> Release:
    """Return a release of two files that two checkers approved."""
    told = {
        "identity": "release-7-0123456789ab",
        "request": 7,
        "project": Project("frailty", "The frailty study", "Keele University", "A funder", at(1), "d" * 64),
        "requester": Agent("requester", "ann"),
        "files": FILES,
        "reviews": (
            Review(Agent("checker-1", "Output checker 1"), "approve", at(4)),
            Review(Agent("checker-2", "Output checker 2"), "approve", at(5)),
        ),
        "times": Times(at(2), at(3), at(5), at(6)),
        "data": (DataUsed(3, (("people", "12"),)),),
        "code": Code("Code of the frailty study"),
        "environment": Environment("0.1.0", "c" * 64, "https://tre.example.org"),
        "publisher": Organisation("An integrated care board", "https://icb.example.org/", "tre@example.org"),
        "licence": Licence("https://creativecommons.org/licenses/by/4.0/", "CC BY 4.0", "Reuse with attribution."),
        "profile": "acro",
        "reviewed_by": "Two independent output checkers, never a member",
    }
    return Release(**{**told, **changes})
