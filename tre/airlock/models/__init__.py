"""The airlock's tables."""

from __future__ import annotations

from tre.airlock.models.attacks import AttackReport
from tre.airlock.models.requests import Group, Publication, Release, Request, RequestFile, Turn
from tre.airlock.models.reviews import CHOICES, Absence, Assignment, Comment, FileVote, Review

__all__ = [
    "CHOICES",
    "Absence",
    "Assignment",
    "AttackReport",
    "Comment",
    "FileVote",
    "Group",
    "Publication",
    "Release",
    "Request",
    "RequestFile",
    "Review",
    "Turn",
]
